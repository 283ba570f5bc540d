// dataplane/tls_old.h — SSL 2.0's hellos (draft-hickman-netscape-ssl-00), which lie in records of
// their own kind; clients also offered SSL 3.0 and TLS in them (RFC 5246, appendix E.2).
//
// A client's has no name, and no fingerprint is defined for it. A server's has its certificate.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "dataplane/extract.h"

// HOT. Does a hello of that side begin there?
bool tls_old_is_client(struct slice bytes);
bool tls_old_is_server(struct slice bytes);

// HOT. May more bytes make it one of them?
bool tls_old_may_become(struct slice bytes);

// HOT. As extractor_ops.consume(), of a direction that begins with a server's hello.
struct extract_progress tls_old_server_consume(struct slice bytes, struct extract_output *output);
