#include "dataplane/http_head.h"

#include "base/ascii.h"
#include "base/cpu.h"
#include "base/line_scan.h"
#include "dataplane/http_field.h"

enum {
	METHOD_BYTES_MAX = 24,     // "UPDATEREDIRECTREF" is the longest registered
	PROBE_LINE_MAX = 8 * 1024, // RFC 9112, section 3, asks for 8,000
	BODY_BYTES_LOG2_MAX = 50,  // larger ones are as good as endless
};

// Four letters in a word (little-endian machines only), and the bit that folds them.
#define START(a, b, c, d) ((uint32_t)(a) | (b) << 8 | (c) << 16 | (d) << 24)
#define FOLD              START(0x20, 0x20, 0x20, 0x20)

static const char *const common_methods[] = {"GET",     "POST",  "HEAD",  "PUT",     "DELETE",
                                             "OPTIONS", "PATCH", "TRACE", "CONNECT", "PROPFIND"};

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
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
		if (http_field_is(method, common_methods[i]))
			return true;
	}
	return false;
}

static bool ends_as_usual(struct slice line)
{
	static const char usual[] = " HTTP/1."; // and a digit
	const size_t size = sizeof(usual) - 1;

	return line.size > size && ascii_is_digit(line.data[line.size - 1]) &&
	       memcmp(line.data + line.size - size - 1, usual, size) == 0;
}

// Where the word behind the last blank begins.
static size_t last_word(struct slice rest)
{
	size_t start = rest.size;

	if (likely(ends_as_usual(rest)))
		return start - (sizeof("HTTP/1.1") - 1);
	while (start > 0 && !is_blank(rest.data[start - 1]))
		start--;
	return start;
}

// Splits off the version at the end of a request line, empty without one; *target is what stands
// before it.
static struct slice split_version(struct slice rest, struct slice *target)
{
	size_t start = last_word(rest);

	*target = rest;
	if (!ascii_begins_with(slice_from(rest, start), "http/"))
		return slice_text("");
	*target = slice_trim(slice_first(rest, start));
	return slice_from(rest, start);
}

// Does what stands behind a method end in a version that is another protocol's ("RTSP/1.0")?
static bool has_other_version(struct slice rest)
{
	size_t start = last_word(rest), slash;

	rest = slice_from(rest, start);
	if (ascii_begins_with(rest, "http/"))
		return false;
	slash = slice_find(rest, '/');
	if (start == 0 || slash == 0 || slash + 1 >= rest.size)
		return false;
	for (size_t i = 0; i < slash; i++)
		if (!is_token_byte(rest.data[i]))
			return false;
	for (size_t i = slash + 1; i < rest.size; i++)
		if (!ascii_is_digit(rest.data[i]) && rest.data[i] != '.')
			return false;
	return true;
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
	       ascii_begins_with(target, "http://") || ascii_begins_with(target, "https://");
}

// Nearly every request, each of which is probed more than once.
static bool is_usual(struct slice bytes)
{
	struct slice line;

	return (slice_starts_with(bytes, "GET /") || slice_starts_with(bytes, "POST /")) &&
	       http_field_line(bytes, &line) > 0 && ends_as_usual(line);
}

enum probe_result http_head_probe(struct slice bytes)
{
	struct slice line, target;
	bool has_line;
	size_t size;

	if (likely(is_usual(bytes)))
		return PROBE_YES;
	size = method_size(bytes);
	if (size > METHOD_BYTES_MAX)
		return PROBE_NO;
	if (size == bytes.size)
		return PROBE_MAYBE;
	if (size == 0 || !is_blank(bytes.data[size]))
		return PROBE_NO;
	has_line = http_field_line(bytes, &line) > 0;
	if (is_common_method(slice_first(bytes, size)) &&
	    begins_target(slice_from(bytes, size + 1)))
		return PROBE_YES; // the version is looked at with the whole head, however it is cut
	if (!has_line)
		return bytes.size < PROBE_LINE_MAX ? PROBE_MAYBE : PROBE_NO;
	// HTTP/2's preface is a request on purpose (RFC 9113, section 3.4).
	if (slice_starts_with(line, "PRI * HTTP/2"))
		return PROBE_NO;
	line = slice_trim(slice_from(line, size));
	return split_version(line, &target).size > 0 && target.size > 0 ? PROBE_YES : PROBE_NO;
}

size_t http_head_find_end(struct slice bytes, uint32_t *scanned)
{
	struct slice rest = slice_from(bytes, *scanned);
	struct line_scan scan = line_scan_begin(rest);

	for (;;) {
		size_t at = line_scan_next(&scan);
		size_t left = rest.size - at;

		if (left >= 2 && rest.data[at + 1] == '\n')
			return *scanned + at + 2;
		if (left >= 3 && rest.data[at + 1] == '\r' && rest.data[at + 2] == '\n')
			return *scanned + at + 3;
		if (left < 3) { // look at this LF again
			*scanned += (uint32_t)at;
			return 0;
		}
	}
}

static void parse_request_line(struct slice line, struct http_head *head)
{
	size_t size = 0;

	while (size < line.size && !is_blank(line.data[size]))
		size++;
	head->method = slice_first(line, size);
	line = slice_trim(slice_from(line, size));
	head->version = split_version(line, &head->target);
	head->is_other_protocol = head->version.size == 0 && has_other_version(line);
}

// "HTTP/1.1 200 OK" (RFC 9112, section 4).
static void parse_status_line(struct slice line, struct http_head *head)
{
	size_t size = slice_find(line, ' ');
	struct slice status = slice_first(slice_trim(slice_from(line, size)), 3);
	bool is_number = status.size == 3;

	for (size_t i = 0; i < status.size; i++)
		is_number = is_number && ascii_is_digit(status.data[i]);
	head->version = slice_first(line, size);
	head->status = is_number ? status : slice_text("");
}

// What a field's value says up to the first blank, so that a folded one counts as well.
static struct slice first_word(struct slice value)
{
	size_t size = 0;

	while (size < value.size && (value.data[size] > ' ' || !slice_is_blank(value.data[size])))
		size++;
	return slice_first(value, size);
}

static void take_length(struct http_head *head, struct slice value)
{
	uint64_t length = 0;
	size_t i = 0;

	for (; i < value.size && ascii_is_digit(value.data[i]); i++) {
		length = length * 10 + (value.data[i] - '0');
		if (length >> BODY_BYTES_LOG2_MAX != 0)
			length = UINT64_C(1) << BODY_BYTES_LOG2_MAX;
	}
	if (head->has_length) {
		head->is_contradictory = head->is_contradictory || length != head->body_bytes;
		return;
	}
	head->has_length = i > 0;
	head->body_bytes = length;
}

static void add_coding(struct http_codings *codings, struct slice name)
{
	enum file_coding coding = FILE_CODING_UNKNOWN;

	if (name.size == 0 || http_field_is(name, "identity") || http_field_is(name, "none"))
		return;
	if (http_field_is(name, "gzip") || http_field_is(name, "x-gzip"))
		coding = FILE_CODING_GZIP;
	else if (http_field_is(name, "deflate"))
		coding = FILE_CODING_DEFLATE;
	else if (http_field_is(name, "br"))
		coding = FILE_CODING_BROTLI;
	if (codings->count < FILE_CODINGS_MAX)
		codings->list[codings->count] = (uint8_t)coding;
	codings->count++;
}

static void take_codings(struct http_codings *codings, struct slice list)
{
	while (list.size > 0)
		add_coding(codings, http_field_main(http_field_element(&list)));
}

static void take_transfer_codings(struct http_head *head, struct slice list)
{
	while (list.size > 0) {
		struct slice name = http_field_main(http_field_element(&list));

		if (http_field_is(name, "chunked"))
			head->is_chunked = true;
		else
			add_coding(&head->transfer_codings, name);
	}
}

static void take_first(struct slice *to, struct slice value)
{
	if (to->data == NULL)
		*to = value;
}

// By the size of the name first: a head has many fields.
static void take_field(struct http_head *head, const struct http_field *field)
{
	struct slice name = field->name, value = field->value;

	switch (name.size) {
	case sizeof("Host") - 1:
		if (http_field_is(name, "Host"))
			take_first(&head->host, first_word(value));
		break;
	case sizeof("Upgrade") - 1:
		head->is_upgrade = head->is_upgrade || http_field_is(name, "Upgrade");
		break;
	case sizeof("Content-Type") - 1:
		if (http_field_is(name, "Content-Type"))
			take_first(&head->media_type, value);
		break;
	case sizeof("Content-Range") - 1:
		if (http_field_is(name, "Content-Range"))
			take_first(&head->range, value);
		break;
	case sizeof("Content-Length") - 1:
		if (http_field_is(name, "Content-Length"))
			take_length(head, value);
		break;
	case sizeof("Content-Encoding") - 1:
		if (http_field_is(name, "Content-Encoding"))
			take_codings(&head->codings, value);
		break;
	case sizeof("Transfer-Encoding") - 1:
		if (http_field_is(name, "Transfer-Encoding"))
			take_transfer_codings(head, value);
		break;
	case sizeof("Content-Disposition") - 1:
		if (http_field_is(name, "Content-Disposition"))
			take_first(&head->disposition, value);
		break;
	default:
		break;
	}
}

// Can it be one of those above? Told by the first letters of its name: most fields of a head are
// none.
static bool may_be_taken(struct slice text)
{
	uint32_t start;

	if (text.size < sizeof(start))
		return false;
	if (slice_is_blank(text.data[0]))
		return true;
	memcpy(&start, text.data, sizeof(start));
	start |= FOLD; // of a letter its lower case; what else becomes one is told apart later
	return start == START('h', 'o', 's', 't') || start == START('u', 'p', 'g', 'r') ||
	       start == START('c', 'o', 'n', 't') || start == START('t', 'r', 'a', 'n');
}

static void parse_fields(struct slice fields, struct http_head *head)
{
	struct line_scan scan = line_scan_begin(fields);
	size_t start = 0, end;

	head->fields = fields;
	for (; start < fields.size; start = end) {
		struct slice text;

		end = http_field_end(&scan);
		text = slice_of(fields.data + start, end - start);
		if (may_be_taken(text)) {
			struct http_field field = http_field_split(text);

			take_field(head, &field);
		}
	}
	head->has_transfer_coding = head->transfer_codings.count > 0;
	if (head->is_chunked) {
		head->body_bytes = 0;
		head->has_length = false;
	}
}

// The first line of `head`, or all of it.
static struct slice take_line(struct slice head, struct slice *ret_fields)
{
	struct slice line = head;
	size_t size = http_field_line(head, &line);

	*ret_fields = slice_from(head, size > 0 ? size : head.size);
	return line;
}

// One by one: all at once is slower than the rest of a short head.
static void clear(struct http_head *head)
{
	const struct slice none = {0};

	head->method = head->target = head->version = head->host = head->status = none;
	head->fields = head->media_type = head->disposition = head->range = none;
	head->body_bytes = 0;
	head->has_length = head->is_chunked = head->has_transfer_coding = false;
	head->is_upgrade = head->is_contradictory = head->is_other_protocol = false;
	head->codings.count = 0;
	head->transfer_codings.count = 0;
}

void http_head_parse(struct slice head, struct http_head *ret_head)
{
	struct slice fields, line = take_line(head, &fields);

	clear(ret_head);
	parse_request_line(line, ret_head);
	parse_fields(fields, ret_head);
}

void http_head_parse_response(struct slice head, struct http_head *ret_head)
{
	struct slice fields, line = take_line(head, &fields);

	clear(ret_head);
	parse_status_line(line, ret_head);
	parse_fields(fields, ret_head);
}
