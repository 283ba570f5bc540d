// dataplane/http_multipart.h — the parts of a multipart body (RFC 2046, section 5.1; RFC 7578).
//
// Each part that has a file name is a file; of what is no form-data (multipart/mixed inside of it,
// multipart/related …) each part is. Nested ones are read to a stated depth, what is deeper is a
// file as it stands. A Content-Transfer-Encoding, which RFC 7578 does away with, is left on.
// Delimiters stand at the start of a line that ends in CR LF.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/extract.h"

enum {
	MULTIPART_DEPTH_MAX = 3,
	MULTIPART_BOUNDARY_BYTES_MAX = 70, // RFC 2046, section 5.1.1
	MULTIPART_HEAD_BYTES_MAX = 2048,   // of a part; what is behind is not looked at
};

struct multipart_level {
	bool is_form;
	uint8_t boundary_bytes;
	uint8_t boundary[MULTIPART_BOUNDARY_BYTES_MAX];
};

struct http_multipart {
	uint32_t block_id; // of whoever keeps it
	uint32_t file_id;  // of the part at hand; 0: it is none
	enum observable_where where;
	uint8_t phase;       // enum multipart_phase
	uint8_t depth;       // of levels
	uint8_t match_bytes; // of "\r\n--" that were seen,
	uint8_t given_bytes; // of which so many are of no part
	uint8_t line_bytes;  // behind it, that may be a boundary
	bool is_line_empty;  // of a head, so far
	bool is_closing;     // the delimiter has "--" behind it
	uint8_t dashes;
	uint16_t head_bytes;
	uint8_t line[MULTIPART_BOUNDARY_BYTES_MAX];
	struct multipart_level levels[MULTIPART_DEPTH_MAX];
	uint8_t head[MULTIPART_HEAD_BYTES_MAX];
};

// HOT. Is it the media type of a multipart that can be taken apart?
bool http_multipart_is_one(struct slice media_type);

// HOT. `media_type` is one.
void http_multipart_begin(struct http_multipart *multipart, struct slice media_type,
                          enum observable_where where);

// HOT.
void http_multipart_write(struct http_multipart *multipart, struct slice bytes,
                          struct extract_output *output);

// HOT. Bytes will never come: of the part at hand, as far as can be told.
void http_multipart_gap(struct http_multipart *multipart, struct extract_output *output);

// HOT. A part that has not ended is cut off.
void http_multipart_end(struct http_multipart *multipart, struct extract_output *output);
