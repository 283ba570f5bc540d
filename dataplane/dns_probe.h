// dataplane/dns_probe.h — is it DNS (RFC 1035, section 4.1)?
//
// On any port the question is a strict one, since nothing else speaks for it: a header that a
// client or a server would write, one question with an uncompressed name, class IN and a type that
// there is, and records that end where the message ends.
#pragma once

#include "dataplane/extract.h"

// HOT. By its port it is a message: can these be its first bytes? Random ones pass once in ten
// million.
bool dns_probe_header(struct slice bytes);

// HOT. A datagram.
bool dns_probe_message(struct slice bytes);

// HOT. The first bytes of a stream's direction: the size of a message, and what is there of it. Its
// records need not be there.
enum probe_result dns_probe_stream(struct slice bytes);
