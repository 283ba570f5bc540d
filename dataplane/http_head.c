#include "dataplane/http_head.h"

#include <string.h>
#include <strings.h>

enum {
	METHOD_BYTES_MAX = 24,     // "UPDATEREDIRECTREF" is the longest registered
	PROBE_LINE_MAX = 8 * 1024, // RFC 9112, section 3, asks for 8,000
	BODY_BYTES_LOG2_MAX = 50,  // larger ones are as good as endless
};

static const char *const common_methods[] = {"GET",     "POST",  "HEAD",  "PUT",     "DELETE",
                                             "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND"};

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static bool equals_ignoring_case(struct slice slice, const char *text)
{
	return slice.size == strlen(text) &&
	       strncasecmp((const char *)slice.data, text, slice.size) == 0;
}

static bool starts_ignoring_case(struct slice slice, const char *text)
{
	return equals_ignoring_case(slice_first(slice, strlen(text)), text);
}

// A character of a token (RFC 9110, section 5.6.2); of the signs only those that methods have.
static bool is_token_byte(uint8_t byte)
{
	return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') || byte == '-' ||
	       byte == '_';
}

static bool is_common_method(struct slice method)
{
	for (size_t i = 0; i < sizeof(common_methods) / sizeof(common_methods[0]); i++) {
		if (equals_ignoring_case(method, common_methods[i]))
			return true;
	}
	return false;
}

// Splits off the version at the end of a request line; *target is what stands before it.
static bool split_version(struct slice rest, struct slice *target)
{
	size_t start = rest.size;

	while (start > 0 && !is_blank(rest.data[start - 1]))
		start--;
	*target = rest;
	if (!starts_ignoring_case(slice_from(rest, start), "HTTP/"))
		return false;
	*target = slice_trim(slice_first(rest, start));
	return true;
}

size_t http_head_line(struct slice bytes, struct slice *ret_line)
{
	size_t end = slice_find(bytes, '\n');

	if (end == bytes.size)
		return 0;
	*ret_line = slice_first(bytes, end);
	if (end > 0 && bytes.data[end - 1] == '\r')
		ret_line->size--;
	return end + 1;
}

static size_t method_size(struct slice bytes)
{
	size_t size = 0;

	while (size < bytes.size && size <= METHOD_BYTES_MAX && is_token_byte(bytes.data[size]))
		size++;
	return size;
}

static bool begins_target(struct slice target)
{
	return slice_starts_with(target, "/") || slice_starts_with(target, "* ") ||
	       starts_ignoring_case(target, "http://") || starts_ignoring_case(target, "https://");
}

enum probe_result http_head_probe(struct slice bytes)
{
	size_t size = method_size(bytes);
	struct slice line, target;

	if (size > METHOD_BYTES_MAX)
		return PROBE_NO;
	if (size == bytes.size)
		return PROBE_MAYBE;
	if (size == 0 || !is_blank(bytes.data[size]))
		return PROBE_NO;
	if (is_common_method(slice_first(bytes, size)) &&
	    begins_target(slice_from(bytes, size + 1)))
		return PROBE_YES;
	if (http_head_line(bytes, &line) == 0)
		return bytes.size < PROBE_LINE_MAX ? PROBE_MAYBE : PROBE_NO;
	// HTTP/2's preface is a request on purpose (RFC 9113, section 3.4).
	if (slice_starts_with(line, "PRI * HTTP/2"))
		return PROBE_NO;
	line = slice_trim(slice_from(line, size));
	return split_version(line, &target) && target.size > 0 ? PROBE_YES : PROBE_NO;
}

size_t http_head_find_end(struct slice bytes, uint32_t *scanned)
{
	size_t at = *scanned;

	for (;;) {
		at += slice_find(slice_from(bytes, at), '\n');
		if (at >= bytes.size)
			break;
		if (bytes.size - at >= 2 && bytes.data[at + 1] == '\n')
			return at + 2;
		if (bytes.size - at >= 3 && bytes.data[at + 1] == '\r' &&
		    bytes.data[at + 2] == '\n')
			return at + 3;
		if (bytes.size - at < 3) // look at this LF again
			break;
		at++;
	}
	*scanned = (uint32_t)at;
	return 0;
}

static void parse_request_line(struct slice line, struct http_head *head)
{
	size_t size = 0;

	while (size < line.size && !is_blank(line.data[size]))
		size++;
	head->method = slice_first(line, size);
	(void)split_version(slice_trim(slice_from(line, size)), &head->target);
}

// Digits at the start of `text`; 0 when there are none.
static uint64_t parse_length(struct slice text)
{
	uint64_t length = 0;

	for (size_t i = 0; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
		length = length * 10 + (text.data[i] - '0');
		if (length >> BODY_BYTES_LOG2_MAX != 0)
			return UINT64_C(1) << BODY_BYTES_LOG2_MAX;
	}
	return length;
}

static bool has_word(struct slice list, const char *word)
{
	while (list.size > 0) {
		size_t size = slice_find(list, ',');

		if (equals_ignoring_case(slice_trim(slice_first(list, size)), word))
			return true;
		list = slice_from(list, size + 1);
	}
	return false;
}

// What a header's value says up to the first blank, so that a folded one counts as well.
static struct slice first_word(struct slice value)
{
	size_t size = 0;

	while (size < value.size && !is_blank(value.data[size]) && value.data[size] != '\r' &&
	       value.data[size] != '\n')
		size++;
	return slice_first(value, size);
}

struct header_seen {
	bool has_host;
	bool has_length;
};

static void parse_header(struct slice line, struct header_seen *seen, struct http_head *head)
{
	size_t colon = slice_find(line, ':');
	struct slice name = slice_trim(slice_first(line, colon));
	struct slice value = slice_trim(slice_from(line, colon + 1));

	if (!seen->has_host && equals_ignoring_case(name, "Host")) {
		seen->has_host = true;
		head->host = first_word(value);
	} else if (!seen->has_length && equals_ignoring_case(name, "Content-Length")) {
		seen->has_length = true;
		head->body_bytes = parse_length(value);
	} else if (equals_ignoring_case(name, "Transfer-Encoding")) {
		head->is_chunked = head->is_chunked || has_word(value, "chunked");
	} else if (equals_ignoring_case(name, "Upgrade")) {
		head->is_upgrade = true;
	}
}

// The next header with the lines that continue it (RFC 9112, section 5.2: begin with a blank).
static struct slice take_header(struct slice *rest)
{
	size_t size = 0;

	do {
		size += slice_find(slice_from(*rest, size), '\n');
		if (size < rest->size)
			size++;
	} while (size < rest->size && is_blank(rest->data[size]));
	struct slice header = slice_first(*rest, size);
	*rest = slice_from(*rest, size);
	return header;
}

void http_head_parse(struct slice head, struct http_head *ret_head)
{
	struct header_seen seen = {0};
	struct slice line = head;
	size_t size = http_head_line(head, &line);
	struct slice rest = size > 0 ? slice_from(head, size) : slice_from(head, head.size);

	*ret_head = (struct http_head){.host = slice_text("")};
	parse_request_line(line, ret_head);
	while (rest.size > 0)
		parse_header(take_header(&rest), &seen, ret_head);
	if (ret_head->is_chunked)
		ret_head->body_bytes = 0;
}
