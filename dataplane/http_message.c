#include "dataplane/http_message.h"

#include "base/ascii.h"
#include "dataplane/file.h"
#include "dataplane/http_connection.h"
#include "dataplane/http_field.h"
#include "dataplane/http_request.h"

enum { HEAD_BYTES_MAX = 64 * 1024 }; // what is behind is not looked at

// Somebody wants responses?
static bool wants_responses(const struct extract_output *output)
{
	return output->tell != NULL || file_is_wanted(output);
}

// How the body behind a head is delimited (RFC 9112, section 6.3).
static void begin_framing(struct extract_state *state, const struct http_head *head)
{
	bool is_response = (state->flags & HTTP_FLAG_RESPONSES) != 0;

	state->body_bytes = head->body_bytes;
	if (head->is_chunked) {
		state->phase = HTTP_PHASE_CHUNK_SIZE;
	} else if (is_response && (head->has_transfer_coding || !head->has_length)) {
		state->phase = HTTP_PHASE_UNTIL_CLOSE;
		state->body_bytes = UINT64_MAX;
	} else if (head->body_bytes > 0) {
		state->phase = HTTP_PHASE_BODY;
	}
}

static bool is_head_cut(const struct http_reader *reader)
{
	return reader->rest.size > HEAD_BYTES_MAX;
}

static enum http_request_kind kind_of(const struct http_head *head)
{
	if (http_field_is(head->method, "HEAD"))
		return HTTP_REQUEST_HEAD;
	if (http_field_is(head->method, "CONNECT"))
		return HTTP_REQUEST_CONNECT;
	return HTTP_REQUEST_OTHER;
}

// Both directions may pretend to be the client's, or the server's: a body belongs to whoever began
// it.
static void begin_body(struct http_reader *reader, struct http_body *body,
                       const struct http_body_start *start)
{
	if (http_body_is_busy(body))
		return;
	http_body_begin(body, start, reader->output);
	if (http_body_is_busy(body))
		reader->state->flags |= HTTP_FLAG_BODY;
}

// What the responses will have to know of it, and its body.
static void take_request(struct http_reader *reader, const struct http_head *head)
{
	struct http_connection *connection = http_connection_take(reader->output);
	struct http_request request = {.kind = (uint8_t)kind_of(head)};
	struct slice name;

	if (connection == NULL) {
		if (reader->state->phase != HTTP_PHASE_HEAD)
			file_refuse(reader->output);
		return;
	}
	request.target_key = http_request_target_key(head);
	name = http_request_target_name(head);
	http_connection_ask(connection, &request, name);
	if (reader->state->phase == HTTP_PHASE_HEAD)
		return;
	begin_body(reader, &connection->request_body,
	           &(struct http_body_start){
			   .head = head,
			   .where = WHERE_HTTP_REQUEST_FILE,
			   .target_name = name,
			   .target_key = request.target_key,
		   });
}

static bool read_request(struct http_reader *reader, struct slice bytes)
{
	struct http_head head;

	http_head_parse(bytes, &head);
	if (head.is_other_protocol)
		return http_reader_give_up(reader);
	http_request_tell(reader->output, &head);
	if (is_head_cut(reader))
		return http_reader_give_up(reader);
	reader->output->messages_malformed += head.is_contradictory;
	http_reader_consume(reader, bytes.size);
	http_reader_leave_responses(reader);
	*reader->state = (struct extract_state){.flags = head.is_upgrade ? HTTP_FLAG_UPGRADE : 0};
	begin_framing(reader->state, &head);
	if (kind_of(&head) == HTTP_REQUEST_CONNECT)
		reader->state->phase = HTTP_PHASE_HEAD;
	take_request(reader, &head);
	return kind_of(&head) == HTTP_REQUEST_CONNECT ? http_reader_finish(reader, EXTRACT_RESTART)
	                                              : true;
}

// Without its request a 2xx that says nothing of what follows is taken for an answer to CONNECT.
static bool is_tunnel(const struct http_head *head, enum http_request_kind kind)
{
	if (head->status.data[0] != '2')
		return false;
	return kind == HTTP_REQUEST_CONNECT ||
	       (kind == HTTP_REQUEST_UNKNOWN && !head->has_length && !head->is_chunked &&
	        !head->has_transfer_coding && head->media_type.size == 0);
}

static bool has_no_body(const struct http_head *head, enum http_request_kind kind)
{
	return kind == HTTP_REQUEST_HEAD || slice_is(head->status, "204") ||
	       slice_is(head->status, "304");
}

static void begin_response_body(struct http_reader *reader, const struct http_head *head,
                                const struct http_request *request, struct slice name)
{
	struct http_connection *connection = http_connection_find(reader->output);

	if (connection == NULL) {
		file_refuse(reader->output);
		return;
	}
	begin_body(reader, &connection->response_body,
	           &(struct http_body_start){
			   .head = head,
			   .where = WHERE_HTTP_RESPONSE_FILE,
			   .target_name = name,
			   .target_key = request->target_key,
		   });
	if (request->kind == HTTP_REQUEST_UNKNOWN)
		reader->state->flags |= HTTP_FLAG_GUESSED;
}

static bool take_response(struct http_reader *reader, const struct http_head *head)
{
	struct http_connection *connection = http_connection_take(reader->output);
	struct http_request request = {.kind = HTTP_REQUEST_UNKNOWN};
	struct slice name = slice_text("");

	if (head->status.data[0] == '1') // the final one follows (RFC 9110, section 15.2)
		return slice_is(head->status, "101") ? http_reader_finish(reader, EXTRACT_RESTART)
		                                     : true;
	if (connection != NULL)
		http_connection_answer(connection, &request, &name);
	if (is_tunnel(head, (enum http_request_kind)request.kind)) {
		(void)http_reader_finish(reader, EXTRACT_RESTART);
		// No body goes on behind it, unless the other side pretends to.
		if (connection != NULL && !http_body_is_busy(&connection->request_body) &&
		    !http_body_is_busy(&connection->response_body))
			http_connection_give(reader->output);
		return false;
	}
	if (has_no_body(head, (enum http_request_kind)request.kind))
		return true;
	begin_framing(reader->state, head);
	if (reader->state->phase != HTTP_PHASE_HEAD)
		begin_response_body(reader, head, &request, name);
	return true;
}

static bool read_response(struct http_reader *reader, struct slice bytes)
{
	struct http_head head;

	http_head_parse_response(bytes, &head);
	if (head.status.size == 0 || is_head_cut(reader))
		return http_reader_give_up(reader);
	if (reader->output->tell != NULL)
		reader->output->tell(reader->output, WHERE_HTTP_STATUS, head.status);
	reader->output->messages_malformed += head.is_contradictory;
	http_reader_consume(reader, bytes.size);
	*reader->state = (struct extract_state){.flags = HTTP_FLAG_RESPONSES};
	return take_response(reader, &head);
}

enum probe_result http_message_probe_response(struct slice bytes)
{
	static const char start[] = "http/1.";

	for (size_t i = 0; start[i] != '\0'; i++) {
		if (i == bytes.size)
			return PROBE_MAYBE;
		if (ascii_lower(bytes.data[i]) != (uint8_t)start[i])
			return PROBE_NO;
	}
	return PROBE_YES;
}

enum probe_result http_message_probe(struct slice bytes, bool *ret_is_response)
{
	enum probe_result probed = http_message_probe_response(bytes);

	*ret_is_response = probed == PROBE_YES;
	return probed != PROBE_NO ? probed : http_head_probe(bytes);
}

// Looks at how a message begins. Returns whether it is one.
static bool begin_message(struct http_reader *reader)
{
	enum probe_result probed;
	bool is_response;

	http_reader_skip_empty_lines(reader);
	if (reader->rest.size == 0)
		return false;
	probed = http_message_probe(reader->rest, &is_response);
	if (probed != PROBE_YES)
		return probed == PROBE_NO ? http_reader_give_up(reader) : false;
	if (!is_response)
		return true;
	if (!wants_responses(reader->output))
		return http_reader_finish(reader, EXTRACT_DONE);
	reader->state->flags |= HTTP_FLAG_RESPONSES;
	return true;
}

bool http_message_read_head(struct http_reader *reader)
{
	struct extract_state *state = reader->state;
	size_t size;

	if (state->scanned == 0 && !begin_message(reader))
		return false;
	size = http_head_find_end(reader->rest, &state->scanned);
	if (size == 0 && !is_head_cut(reader))
		return false;
	if (size == 0)
		size = HEAD_BYTES_MAX;
	if (http_message_probe_response(reader->rest) == PROBE_YES)
		return read_response(reader, slice_first(reader->rest, size));
	return read_request(reader, slice_first(reader->rest, size));
}
