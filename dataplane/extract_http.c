// HTTP/1.x (RFC 9112) on any port: requests, who is asked and for what; where somebody wants files,
// responses and the bodies of both. docs/evasion.md states what is made of messages that contradict
// themselves.
//
// Where nobody does, bodies are skipped and a direction of responses is done at once. What either
// direction knows of the other is in http_connection.h; one-sided traffic works without.

#include "base/ascii.h"
#include "dataplane/extract.h"
#include "dataplane/http_connection.h"
#include "dataplane/http_field.h"
#include "dataplane/http_message.h"
#include "dataplane/http_reader.h"

enum { CHUNK_LINE_MAX = 4 * 1024 }; // a chunk's size and extensions, or a trailer's line

// The body's last byte, or the chunk's, has come.
static void end_counted(struct extract_state *state, struct extract_output *output)
{
	bool is_chunk = state->phase == HTTP_PHASE_CHUNK;

	state->phase = is_chunk ? HTTP_PHASE_CHUNK_SIZE : HTTP_PHASE_HEAD;
	if (!is_chunk)
		http_reader_end_body(state, true, output);
}

// Does anybody want what is left of the body? Else it is ended.
static bool is_body_open(struct http_reader *reader)
{
	struct http_body *body = http_reader_body(reader->state, reader->output);

	if ((reader->state->flags & HTTP_FLAG_BODY) == 0 || body == NULL)
		return false;
	if (http_body_is_open(body, reader->output))
		return true;
	http_reader_end_body(reader->state, false, reader->output);
	return false;
}

// Without its request it is not known whether a response has a body at all: one to HEAD has none
// whatever it says, and another follows.
static bool read_guessed(struct http_reader *reader)
{
	struct extract_state *state = reader->state;
	enum probe_result probed = http_message_probe_response(slice_first(
		reader->rest, state->phase == HTTP_PHASE_BODY ? state->body_bytes : SIZE_MAX));

	// What is shorter than the word waits for what follows.
	if (probed == PROBE_MAYBE &&
	    (state->phase != HTTP_PHASE_BODY || state->body_bytes > reader->rest.size))
		return false;
	state->flags &= (uint8_t)~HTTP_FLAG_GUESSED;
	if (probed != PROBE_YES)
		return true;
	http_reader_end_body(state, true, reader->output);
	*state = (struct extract_state){.flags = HTTP_FLAG_RESPONSES};
	return true;
}

// Each of these takes one step and returns whether there is another.
static bool read_body(struct http_reader *reader)
{
	struct extract_state *state = reader->state;
	struct slice bytes = slice_first(reader->rest, state->body_bytes);

	if (is_body_open(reader)) {
		http_body_write(http_reader_body(state, reader->output), bytes, reader->output);
	} else if (state->phase == HTTP_PHASE_UNTIL_CLOSE) {
		http_reader_consume(reader, reader->rest.size);
		return http_reader_finish(reader, EXTRACT_DONE);
	} else {
		reader->progress.skip_bytes = state->body_bytes - bytes.size;
		state->body_bytes = bytes.size;
	}
	http_reader_consume(reader, bytes.size);
	if (state->phase != HTTP_PHASE_UNTIL_CLOSE)
		state->body_bytes -= bytes.size;
	if (state->body_bytes == 0)
		end_counted(state, reader->output);
	return reader->rest.size > 0;
}

// Returns the line's bytes in full; 0 when to wait for more, or to give up (verdict).
static size_t read_line(struct http_reader *reader, struct slice *ret_line)
{
	size_t size = http_field_line(reader->rest, ret_line);

	if (size == 0 && reader->rest.size > CHUNK_LINE_MAX)
		(void)http_reader_give_up(reader);
	return size;
}

// RFC 9112, section 7.1. The line end behind a chunk's data is taken as an empty line before.
static bool read_chunk_size(struct http_reader *reader)
{
	struct slice line;
	uint64_t chunk_bytes = 0;
	size_t digits = 0, size;

	http_reader_skip_empty_lines(reader);
	size = read_line(reader, &line);
	if (size == 0)
		return false;
	for (; digits < line.size && ascii_hex_value(line.data[digits]) >= 0; digits++) {
		if (chunk_bytes >> 48 != 0)
			return http_reader_give_up(reader);
		chunk_bytes = chunk_bytes << 4 | (unsigned)ascii_hex_value(line.data[digits]);
	}
	if (digits == 0)
		return http_reader_give_up(reader);
	http_reader_consume(reader, size);
	reader->state->body_bytes = chunk_bytes;
	reader->state->phase = chunk_bytes > 0 ? HTTP_PHASE_CHUNK : HTTP_PHASE_TRAILER;
	return true;
}

static bool read_trailer(struct http_reader *reader)
{
	struct slice line;
	size_t size = read_line(reader, &line);

	if (size == 0)
		return false;
	http_reader_consume(reader, size);
	if (line.size == 0) {
		reader->state->phase = HTTP_PHASE_HEAD;
		http_reader_end_body(reader->state, true, reader->output);
	}
	return true;
}

static bool read_step(struct http_reader *reader)
{
	if ((reader->state->flags & HTTP_FLAG_GUESSED) != 0)
		return read_guessed(reader);
	switch ((enum http_phase)reader->state->phase) {
	case HTTP_PHASE_HEAD:
		return http_message_read_head(reader);
	case HTTP_PHASE_BODY:
	case HTTP_PHASE_CHUNK:
	case HTTP_PHASE_UNTIL_CLOSE:
		return read_body(reader);
	case HTTP_PHASE_CHUNK_SIZE:
		return read_chunk_size(reader);
	case HTTP_PHASE_TRAILER:
		return read_trailer(reader);
	}
	return http_reader_give_up(reader);
}

// A body is skipped even before its first byte is there: holes in it are then no gaps.
static bool has_step(const struct http_reader *reader)
{
	return reader->rest.size > 0 || reader->state->phase == HTTP_PHASE_BODY ||
	       reader->state->phase == HTTP_PHASE_CHUNK;
}

static enum probe_result http_probe(struct slice bytes, uint16_t port)
{
	size_t empty = 0;
	bool is_response;

	(void)port;
	while (empty < bytes.size && (bytes.data[empty] == '\r' || bytes.data[empty] == '\n'))
		empty++;
	if (empty == bytes.size)
		return PROBE_MAYBE;
	return http_message_probe(slice_from(bytes, empty), &is_response);
}

static struct extract_progress http_consume(struct extract_state *state, struct slice bytes,
                                            struct extract_output *output)
{
	struct http_reader reader = {
		.state = state,
		.output = output,
		.rest = bytes,
		.progress = {.verdict = EXTRACT_MORE},
	};

	while (has_step(&reader) && read_step(&reader))
		continue;
	return reader.progress;
}

// A hole inside a body is the body's alone, as long as it is known how large it is.
static struct extract_progress http_gap(struct extract_state *state, uint64_t missing_bytes,
                                        struct extract_output *output)
{
	struct extract_progress progress = {.verdict = EXTRACT_MORE};
	bool is_body = state->phase == HTTP_PHASE_BODY || state->phase == HTTP_PHASE_CHUNK ||
	               state->phase == HTTP_PHASE_UNTIL_CLOSE;
	struct http_connection *connection = http_connection_find(output);

	if (connection != NULL && is_body && missing_bytes > 0 &&
	    missing_bytes <= state->body_bytes) {
		state->flags &= (uint8_t)~HTTP_FLAG_GUESSED;
		if ((state->flags & HTTP_FLAG_BODY) != 0)
			http_body_gap(http_reader_body(state, output), missing_bytes, output);
		if (state->phase != HTTP_PHASE_UNTIL_CLOSE)
			state->body_bytes -= missing_bytes;
		if (state->body_bytes == 0)
			end_counted(state, output);
		return progress;
	}
	if (connection != NULL)
		http_connection_forget(connection);
	http_reader_leave(state, false, output);
	progress.verdict = EXTRACT_RESTART;
	return progress;
}

static void http_end(struct extract_state *state, bool is_whole, struct extract_output *output)
{
	http_reader_leave(state, is_whole && state->phase == HTTP_PHASE_UNTIL_CLOSE, output);
}

const struct extractor_ops extract_http = {
	.name = "http",
	.probe = http_probe,
	.consume = http_consume,
	.gap = http_gap,
	.end = http_end,
	.leave = http_connection_give,
};
