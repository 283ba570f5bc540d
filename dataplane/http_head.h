// dataplane/http_head.h — the head of an HTTP/1.x message (RFC 9112, sections 2 to 6).
//
// As tolerant as servers are: lines may end in a bare LF, the version may be missing, a folded
// header line continues the one before. Of several Host or Content-Length fields the first counts;
// Transfer-Encoding goes before Content-Length (section 6.3).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "dataplane/extract.h"
#include "dataplane/file.h"

struct http_codings {
	unsigned count;                 // more than FILE_CODINGS_MAX: too many
	uint8_t list[FILE_CODINGS_MAX]; // enum file_coding
};

struct http_head {
	struct slice method;    // of a request
	struct slice target;    // as it stands, spaces inside included
	struct slice version;   // as it stands; empty: HTTP/0.9
	struct slice host;      // of the first Host field; empty without one
	struct slice status;    // of a response: three digits, or empty
	struct slice fields;    // the lines behind the first
	bool is_other_protocol; // of a request: the version is not one of HTTP

	uint64_t body_bytes; // the first Content-Length; 0 when is_chunked
	bool has_length;
	bool is_chunked;
	bool has_transfer_coding; // any but chunked: what it is of ends with the connection
	bool is_upgrade;          // what follows may be another protocol
	bool is_contradictory;    // several Content-Length that differ

	struct slice media_type; // Content-Type, with parameters
	struct slice disposition;
	struct slice range;                   // Content-Range
	struct http_codings codings;          // of the content
	struct http_codings transfer_codings; // put on after them
};

// HOT. Can a request begin so? YES for the usual methods as soon as the target begins like one
// (http_head_parse() knows other protocols' versions), for any other word when its whole line ends
// in " HTTP/…". Leading empty lines are for the caller to skip.
enum probe_result http_head_probe(struct slice bytes);

// HOT. Bytes of the head that `bytes` begin with, with its empty line, or 0 when it has not
// ended. *scanned, 0 at first, is kept between calls, so that a head in pieces is searched once.
size_t http_head_find_end(struct slice bytes, uint32_t *scanned);

// HOT. Reads a request's head, whole or cut. The slices point into `head`.
void http_head_parse(struct slice head, struct http_head *ret_head);

// HOT. Likewise, of a response.
void http_head_parse_response(struct slice head, struct http_head *ret_head);
