// dataplane/tls_client.h — what a client sends: the server name that its hello asks for (RFC 8446,
// section 4.1.2; RFC 6066, section 3).
//
// The hello is read as it comes, across segments and records, and consumed as far as it is
// understood, so that one of any size costs linear time and next to no memory. Whoever observes
// is told more, which takes the whole hello: then nothing is consumed before it is there, unless
// it is larger than TLS_VIEW_BYTES_MAX. The name is the same, and found as early.
#pragma once

#include "dataplane/extract.h"

// HOT. As extractor_ops.consume(), of a direction that begins with a ClientHello.
struct extract_progress tls_client_consume(struct extract_state *state, struct slice bytes,
                                           struct extract_output *output);

// HOT. A ClientHello as a handshake message without records around it, whole: its name only.
void tls_client_message(struct slice message, struct extract_output *output);
