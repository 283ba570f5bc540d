// HTTP/1.x requests (RFC 9112) on any port: who is asked, and for what.
//
// The target's authority (absolute form, CONNECT) goes before the Host header; a Host that
// differs from it is told as well. Of several Host headers the first counts. Without either there
// is no URL: the server's address is not known here. `*` and targets that begin with anything but
// `/` or http:// have none either, nor has CONNECT, behind which another protocol may follow.

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "dataplane/extract.h"
#include "dataplane/http_head.h"
#include "engine/normalize.h"

enum {
	HEAD_BYTES_MAX = 64 * 1024, // what is behind is not looked at
	CHUNK_LINE_MAX = 4 * 1024,  // a chunk's size and extensions, or a trailer's line
};

enum phase {
	PHASE_HEAD, // of the next request
	PHASE_BODY,
	PHASE_CHUNK_SIZE,
	PHASE_CHUNK,
	PHASE_TRAILER,
};

enum { FLAG_UPGRADE = 1 << 0 };

// One call of consume().
struct http_reader {
	struct extract_state *state;
	struct extract_output *output;
	struct slice rest; // not consumed yet
	struct extract_progress progress;
};

static void consume_bytes(struct http_reader *reader, size_t size)
{
	reader->rest = slice_from(reader->rest, size);
	reader->progress.consumed += size;
}

// These are no requests: whatever comes next is probed anew.
static bool give_up(struct http_reader *reader)
{
	bool is_upgraded = (reader->state->flags & FLAG_UPGRADE) != 0;

	if (!is_upgraded)
		reader->output->messages_malformed++;
	consume_bytes(reader, reader->rest.size);
	*reader->state = (struct extract_state){0};
	reader->progress.verdict = is_upgraded ? EXTRACT_DONE : EXTRACT_RESTART;
	return false;
}

static void skip_empty_lines(struct http_reader *reader)
{
	size_t size = 0;

	while (size < reader->rest.size &&
	       (reader->rest.data[size] == '\r' || reader->rest.data[size] == '\n'))
		size++;
	consume_bytes(reader, size);
}

static bool equals_ignoring_case(struct slice a, struct slice b)
{
	return a.size == b.size &&
	       strncasecmp((const char *)a.data, (const char *)b.data, a.size) == 0;
}

struct target {
	struct slice authority; // empty when the target names none
	struct slice path;      // with query; empty: there is no URL
	bool is_https;
};

static struct target split_target(const struct http_head *head)
{
	struct target target = {.authority = slice_text(""), .path = head->target};
	size_t scheme = slice_find(head->target, ':');
	size_t end = 0;

	if (equals_ignoring_case(head->method, slice_text("CONNECT")))
		return (struct target){.authority = head->target, .path = slice_text("")};
	if (slice_starts_with(head->target, "/"))
		return target;
	target.is_https = equals_ignoring_case(slice_first(head->target, scheme),
	                                       slice_text("https"));
	if (!slice_starts_with(slice_from(head->target, scheme), "://") ||
	    (!target.is_https &&
	     !equals_ignoring_case(slice_first(head->target, scheme), slice_text("http"))))
		return (struct target){.authority = slice_text(""), .path = slice_text("")};
	target.path = slice_from(head->target, scheme + 3);
	while (end < target.path.size && strchr("/?#", target.path.data[end]) == NULL)
		end++;
	target.authority = slice_first(target.path, end);
	target.path = slice_from(target.path, end);
	if (target.path.size == 0)
		target.path = slice_text("/");
	return target;
}

// The URL of a request, or, as far as that cannot be, of the root: its host counts all the same.
// One that is too long is cut: what is listed of it can only be a prefix. Returns its size, or 0
// when the authority is none; *has_path tells whether the path is the request's.
static size_t write_url(struct slice authority, const struct target *target, bool *has_path,
                        struct url_parts *ret_parts, char ret_url[URL_BYTES_MAX])
{
	struct slice path = target->path;
	int size = -EINVAL;

	*has_path = path.size > 0;
	if (*has_path)
		size = normalize_request_url(authority, path, target->is_https, ret_url,
		                             URL_BYTES_MAX, ret_parts);
	if (size == -EMSGSIZE && authority.size < URL_BYTES_MAX / 2) {
		// A byte may take up three.
		path = slice_first(path, (URL_BYTES_MAX - authority.size - 16) / 3);
		size = normalize_request_url(authority, path, target->is_https, ret_url,
		                             URL_BYTES_MAX, ret_parts);
	}
	if (size < 0) {
		*has_path = false;
		size = normalize_request_url(authority, slice_text("/"), target->is_https, ret_url,
		                             URL_BYTES_MAX, ret_parts);
	}
	return size > 0 ? (size_t)size : 0;
}

// A Host header beside a target that names its host itself: told when it says another.
static void tell_other_host(struct extract_output *output, struct slice authority,
                            struct slice told_host)
{
	char url[NAME_BYTES_MAX + 32];
	struct url_parts parts;

	if (normalize_request_url(authority, slice_text("/"), false, url, sizeof(url), &parts) >
	            0 &&
	    !slice_equal(parts.host, told_host))
		(void)extract_add_host(output, WHERE_HTTP_HOST, parts.host, parts.port,
		                       OBSERVABLE_PROXIED);
}

static void tell_request(struct extract_output *output, const struct http_head *head)
{
	struct target target = split_target(head);
	bool is_named = target.authority.size > 0, has_path;
	struct slice authority = is_named ? target.authority : head->host;
	char url[URL_BYTES_MAX];
	struct url_parts parts;
	// RFC 9112, section 3.2.2.
	uint8_t hints = is_named ? OBSERVABLE_PROXIED : 0;
	size_t size;

	if (authority.size == 0)
		return;
	size = write_url(authority, &target, &has_path, &parts, url);
	if (size == 0 ||
	    !extract_add_host(output, WHERE_HTTP_HOST, parts.host, parts.port, hints)) {
		output->messages_malformed++;
		return;
	}
	if (has_path)
		output->add(output, &(struct observable){
					    .type = OBSERVABLE_URL,
					    .where = WHERE_HTTP_URL,
					    .hints = hints,
					    .text = slice_of(url, size),
				    });
	if (is_named && head->host.size > 0)
		tell_other_host(output, head->host, parts.host);
}

static bool read_cut_head(struct http_reader *reader)
{
	struct http_head head;

	http_head_parse(slice_first(reader->rest, HEAD_BYTES_MAX), &head);
	tell_request(reader->output, &head);
	return give_up(reader);
}

// A request, or a server's direction?
static enum probe_result probe_message(struct slice bytes, bool *ret_is_response)
{
	static const char response[] = "HTTP/1.";
	size_t size = sizeof(response) - 1;

	*ret_is_response = slice_starts_with(bytes, response);
	if (*ret_is_response)
		return PROBE_YES;
	if (bytes.size < size && memcmp(bytes.data, response, bytes.size) == 0)
		return PROBE_MAYBE;
	return http_head_probe(bytes);
}

// Each of these takes one step and returns whether there is another.
static bool read_head(struct http_reader *reader)
{
	struct extract_state *state = reader->state;
	struct http_head head;
	size_t size;

	if (state->scanned == 0) {
		enum probe_result probed;
		bool is_response;

		skip_empty_lines(reader);
		if (reader->rest.size == 0)
			return false;
		probed = probe_message(reader->rest, &is_response);
		if (probed != PROBE_YES)
			return probed == PROBE_NO ? give_up(reader) : false;
		if (is_response) {
			reader->progress.verdict = EXTRACT_DONE;
			return false;
		}
	}
	size = http_head_find_end(reader->rest, &state->scanned);
	if (size == 0)
		return reader->rest.size > HEAD_BYTES_MAX ? read_cut_head(reader) : false;
	http_head_parse(slice_first(reader->rest, size), &head);
	tell_request(reader->output, &head);
	consume_bytes(reader, size);
	*state = (struct extract_state){.flags = head.is_upgrade ? FLAG_UPGRADE : 0};
	if (equals_ignoring_case(head.method, slice_text("CONNECT"))) {
		reader->progress.verdict = EXTRACT_RESTART;
		return false;
	}
	state->body_bytes = head.body_bytes;
	if (head.is_chunked)
		state->phase = PHASE_CHUNK_SIZE;
	else if (head.body_bytes > 0)
		state->phase = PHASE_BODY;
	return true;
}

static bool read_body(struct http_reader *reader)
{
	struct extract_state *state = reader->state;
	size_t size = slice_first(reader->rest, state->body_bytes).size;

	consume_bytes(reader, size);
	reader->progress.skip_bytes = state->body_bytes - size;
	state->body_bytes = 0;
	state->phase = state->phase == PHASE_CHUNK ? PHASE_CHUNK_SIZE : PHASE_HEAD;
	return reader->rest.size > 0;
}

// Returns the line's bytes in full; 0 when to wait for more, or to give up (verdict).
static size_t read_line(struct http_reader *reader, struct slice *ret_line)
{
	size_t size = http_head_line(reader->rest, ret_line);

	if (size == 0 && reader->rest.size > CHUNK_LINE_MAX)
		(void)give_up(reader);
	return size;
}

static int hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

// RFC 9112, section 7.1. The line end behind a chunk's data is taken as an empty line before.
static bool read_chunk_size(struct http_reader *reader)
{
	struct slice line;
	uint64_t chunk_bytes = 0;
	size_t digits = 0, size;

	skip_empty_lines(reader);
	size = read_line(reader, &line);
	if (size == 0)
		return false;
	for (; digits < line.size && hex_digit(line.data[digits]) >= 0; digits++) {
		if (chunk_bytes >> 48 != 0)
			return give_up(reader);
		chunk_bytes = chunk_bytes << 4 | (unsigned)hex_digit(line.data[digits]);
	}
	if (digits == 0)
		return give_up(reader);
	consume_bytes(reader, size);
	reader->state->body_bytes = chunk_bytes;
	reader->state->phase = chunk_bytes > 0 ? PHASE_CHUNK : PHASE_TRAILER;
	return true;
}

static bool read_trailer(struct http_reader *reader)
{
	struct slice line;
	size_t size = read_line(reader, &line);

	if (size == 0)
		return false;
	consume_bytes(reader, size);
	if (line.size == 0)
		reader->state->phase = PHASE_HEAD;
	return true;
}

static bool read_step(struct http_reader *reader)
{
	switch ((enum phase)reader->state->phase) {
	case PHASE_HEAD:
		return read_head(reader);
	case PHASE_BODY:
	case PHASE_CHUNK:
		return read_body(reader);
	case PHASE_CHUNK_SIZE:
		return read_chunk_size(reader);
	case PHASE_TRAILER:
		return read_trailer(reader);
	}
	return give_up(reader);
}

// A body is skipped even before its first byte is there: holes in it are then no gaps.
static bool has_step(const struct http_reader *reader)
{
	return reader->rest.size > 0 || reader->state->phase == PHASE_BODY ||
	       reader->state->phase == PHASE_CHUNK;
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
	return probe_message(slice_from(bytes, empty), &is_response);
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

static struct extract_progress http_gap(struct extract_state *state, uint64_t missing_bytes,
                                        struct extract_output *output)
{
	(void)output;
	(void)missing_bytes;
	*state = (struct extract_state){0};
	return (struct extract_progress){.verdict = EXTRACT_RESTART};
}

const struct extractor_ops extract_http = {
	.name = "http",
	.probe = http_probe,
	.consume = http_consume,
	.gap = http_gap,
};
