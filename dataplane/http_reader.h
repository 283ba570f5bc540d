// dataplane/http_reader.h — one direction of HTTP as it is read: for extract_http.c and
// http_message.c alone.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/extract.h"
#include "dataplane/http_body.h"

// What comes next; extract_state.phase.
enum http_phase {
	HTTP_PHASE_HEAD, // of the next message
	HTTP_PHASE_BODY,
	HTTP_PHASE_CHUNK_SIZE,
	HTTP_PHASE_CHUNK,
	HTTP_PHASE_TRAILER,
	HTTP_PHASE_UNTIL_CLOSE,
};

// extract_state.flags.
enum {
	HTTP_FLAG_UPGRADE = 1 << 0,
	HTTP_FLAG_RESPONSES = 1 << 1, // the direction is the server's
	HTTP_FLAG_BODY = 1 << 2,      // somebody wants the body at hand
	HTTP_FLAG_GUESSED = 1 << 3,   // it may have none: what it answers was not seen
};

// One call of consume().
struct http_reader {
	struct extract_state *state;
	struct extract_output *output;
	struct slice rest; // not consumed yet
	struct extract_progress progress;
};

// HOT. The first `size` bytes of `rest` are done with.
void http_reader_consume(struct http_reader *reader, size_t size);

// HOT. Empty lines between messages mean nothing.
void http_reader_skip_empty_lines(struct http_reader *reader);

// HOT. The body of the direction's messages; NULL: nobody wants files.
struct http_body *http_reader_body(const struct extract_state *state,
                                   const struct extract_output *output);

// HOT. The message at hand is over.
void http_reader_end_body(struct extract_state *state, bool is_whole,
                          struct extract_output *output);

// HOT. No message of this direction follows. Clears *state.
void http_reader_leave(struct extract_state *state, bool is_whole, struct extract_output *output);

// HOT. Likewise: what is left of it is of no interest, or another protocol's. Returns false.
bool http_reader_finish(struct http_reader *reader, enum extract_verdict verdict);

// HOT. What is read is a request: if there were responses before it, no other one follows.
void http_reader_leave_responses(struct http_reader *reader);

// HOT. These are no messages: whatever comes next is probed anew. Returns false.
bool http_reader_give_up(struct http_reader *reader);
