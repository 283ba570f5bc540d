// dataplane/http_body.h — what the body of a message is: a file, a part of one that was asked for
// in ranges, or several in a multipart.
//
// Ranges of one target (206, Content-Range; RFC 9110, section 14) that follow each other without a
// hole on one connection, from byte 0 on, are one file; others, and those of a request, are parts
// without a hash. The parts of a multipart request are files of their own. What is not wanted has
// no body here.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/extract.h"
#include "dataplane/http_head.h"

struct http_multipart;

// Of one direction of a connection; all zero at first.
struct http_body {
	uint32_t file_id;                 // the message at hand is; 0: none
	uint32_t ranges_file_id;          // that is put together; 0: none
	uint64_t ranges_key;              // whose target has this hash,
	uint64_t ranges_total_bytes;      // this size,
	uint64_t ranges_next;             // and of which this comes next
	uint64_t range_end;               // behind the range at hand; 0: it is none
	struct http_multipart *multipart; // the message at hand is; NULL: none
};

// What goes with a body.
struct http_body_start {
	const struct http_head *head;
	enum observable_where where;
	struct slice target_name; // as the file's name, unless the head names it
	uint64_t target_key;      // a hash of what was asked for; 0: not known
};

// HOT.
void http_body_begin(struct http_body *body, const struct http_body_start *start,
                     struct extract_output *output);

// HOT. Is one on its way?
bool http_body_is_busy(const struct http_body *body);

// HOT. Does anybody want what follows of it? When not, it is to be ended.
bool http_body_is_open(const struct http_body *body, const struct extract_output *output);

// HOT.
void http_body_write(struct http_body *body, struct slice bytes, struct extract_output *output);

// HOT. Bytes of it will never come.
void http_body_gap(struct http_body *body, uint64_t missing_bytes, struct extract_output *output);

// HOT. The message is over; is_whole: nothing of it is missing. Does nothing without one.
void http_body_end(struct http_body *body, bool is_whole, struct extract_output *output);

// HOT. No other message follows in this direction: what is put together of ranges is given up.
void http_body_leave(struct http_body *body, struct extract_output *output);
