#include "dataplane/http_reader.h"

#include "dataplane/http_connection.h"

void http_reader_consume(struct http_reader *reader, size_t size)
{
	reader->rest = slice_from(reader->rest, size);
	reader->progress.consumed += size;
}

struct http_body *http_reader_body(const struct extract_state *state,
                                   const struct extract_output *output)
{
	struct http_connection *connection = http_connection_find(output);

	if (connection == NULL)
		return NULL;
	return state->flags & HTTP_FLAG_RESPONSES ? &connection->response_body
	                                          : &connection->request_body;
}

void http_reader_end_body(struct extract_state *state, bool is_whole, struct extract_output *output)
{
	struct http_body *body = http_reader_body(state, output);

	if ((state->flags & HTTP_FLAG_BODY) != 0 && body != NULL)
		http_body_end(body, is_whole, output);
	state->flags &= (uint8_t)~HTTP_FLAG_BODY;
}

void http_reader_leave(struct extract_state *state, bool is_whole, struct extract_output *output)
{
	struct http_body *body = http_reader_body(state, output);

	http_reader_end_body(state, is_whole, output);
	if (body != NULL)
		http_body_leave(body, output);
	*state = (struct extract_state){0};
}

void http_reader_leave_responses(struct http_reader *reader)
{
	if ((reader->state->flags & HTTP_FLAG_RESPONSES) != 0)
		http_reader_leave(reader->state, false, reader->output);
}

bool http_reader_give_up(struct http_reader *reader)
{
	bool is_upgraded = (reader->state->flags & HTTP_FLAG_UPGRADE) != 0;

	if (!is_upgraded)
		reader->output->messages_malformed++;
	http_reader_consume(reader, reader->rest.size);
	http_reader_leave(reader->state, false, reader->output);
	reader->progress.verdict = is_upgraded ? EXTRACT_DONE : EXTRACT_RESTART;
	return false;
}

bool http_reader_finish(struct http_reader *reader, enum extract_verdict verdict)
{
	http_reader_leave(reader->state, false, reader->output);
	reader->progress.verdict = verdict;
	return false;
}

void http_reader_skip_empty_lines(struct http_reader *reader)
{
	size_t size = 0;

	while (size < reader->rest.size &&
	       (reader->rest.data[size] == '\r' || reader->rest.data[size] == '\n'))
		size++;
	http_reader_consume(reader, size);
}
