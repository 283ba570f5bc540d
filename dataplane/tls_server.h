// dataplane/tls_server.h — what a server sends before it encrypts: its hello and, up to TLS 1.2,
// its certificates (RFC 5246, section 7.4.2). TLS 1.3 encrypts them; a resumed session has none.
#pragma once

#include "dataplane/extract.h"

enum {
	TLS_SERVER_PHASE_FIRST = 64, // extract_state.phase of a server: this or more
	// A larger one is stepped over and counted as malformed. Usual ones have 1 to 5 KB.
	TLS_CERTIFICATE_BYTES_MAX = 32 * 1024,
	TLS_CERTIFICATES_MAX = 16, // of a chain that are read, the server's own first
};

// HOT. As extractor_ops.consume(), of a direction that begins with a ServerHello:
// its state is all zero but for the phase.
struct extract_progress tls_server_consume(struct extract_state *state, struct slice bytes,
                                           struct extract_output *output);
