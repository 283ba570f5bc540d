// dataplane/http_head.h — the head of an HTTP/1.x request (RFC 9112, sections 2, 3 and 5).
//
// As tolerant as servers are: lines may end in a bare LF, the version may be missing, a folded
// header line continues the one before.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "dataplane/extract.h"

struct http_head {
	struct slice method;
	struct slice target; // as it stands, spaces inside included
	struct slice host;   // of the first Host header; empty without one
	uint64_t body_bytes; // the first Content-Length; 0 when is_chunked
	bool is_chunked;     // Transfer-Encoding goes before Content-Length (section 6.3)
	bool is_upgrade;     // what follows may be another protocol
};

// HOT. Can a request begin so? YES for the usual methods as soon as the target begins like one,
// for any other word when its whole line ends in " HTTP/…". Leading empty lines are for the
// caller to skip.
enum probe_result http_head_probe(struct slice bytes);

// HOT. Bytes of the head that `bytes` begin with, with its empty line, or 0 when it has not
// ended. *scanned, 0 at first, is kept between calls, so that a head in pieces is searched once.
size_t http_head_find_end(struct slice bytes, uint32_t *scanned);

// HOT. Reads a head, whole or cut. The slices point into `head`.
void http_head_parse(struct slice head, struct http_head *ret_head);

// HOT. Takes the first line off `bytes`: its text without CR and LF, and how many bytes it takes
// up. Returns 0 when it has not ended.
size_t http_head_line(struct slice bytes, struct slice *ret_line);
