// bench/traffic_certificate.h — a server's answer as TLS 1.2 gives it, with its certificate.
#pragma once

#include "base/buffer.h"
#include "bench/traffic_random.h"

// ServerHello, Certificate and ServerHelloDone in one record (RFC 5246, section 7.3), less than
// 1,200 bytes. The certificate is for `name` and the name below which it stands, by an authority of
// its own; its key and signature are random bytes.
void traffic_certificate_answer(struct buffer *message, struct traffic_random *random,
                                const char *name);
