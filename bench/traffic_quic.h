// bench/traffic_quic.h — the first datagram of a QUIC connection.
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "bench/traffic_random.h"

enum { TRAFFIC_QUIC_BYTES = 1200 };

// Appends a datagram with one Initial packet of version 1, encrypted (RFC 9001, section 5), that
// holds `hello`, a ClientHello without a record around it of 1,000 bytes at most. Returns false
// when OpenSSL has no memory or no such cipher.
bool traffic_quic_initial(struct buffer *message, struct traffic_random *random,
                          struct slice hello);
