#include "dataplane/http_field.h"

#include "base/ascii.h"

size_t http_field_line(struct slice bytes, struct slice *ret_line)
{
	size_t end = slice_find(bytes, '\n');

	if (end == bytes.size)
		return 0;
	*ret_line = slice_first(bytes, end);
	if (end > 0 && bytes.data[end - 1] == '\r')
		ret_line->size--;
	return end + 1;
}

struct http_field http_field_split(struct slice text)
{
	size_t colon = slice_find(text, ':');

	return (struct http_field){
		.name = slice_trim(slice_first(text, colon)),
		.value = slice_trim(slice_from(text, colon + 1)),
	};
}

struct http_field http_field_take(struct slice *rest)
{
	struct line_scan scan = line_scan_begin(*rest);
	size_t size = http_field_end(&scan);
	struct http_field field = http_field_split(slice_first(*rest, size));

	*rest = slice_from(*rest, size);
	return field;
}

struct slice http_field_element(struct slice *list)
{
	size_t size = slice_find(*list, ',');
	struct slice element = slice_trim(slice_first(*list, size));

	*list = slice_from(*list, size + 1);
	return element;
}

struct slice http_field_main(struct slice value)
{
	return slice_trim(slice_first(value, slice_find(value, ';')));
}

// Offset behind a quoted string (RFC 9110, section 5.6.4) that `text` begins with.
static size_t quoted_end(struct slice text)
{
	size_t at = 1;

	while (at < text.size && text.data[at] != '"')
		at += text.data[at] == '\\' ? 2 : 1;
	return at < text.size ? at + 1 : text.size;
}

// Where the parameter that `text` begins with ends: at a `;` that is not quoted.
static size_t parameter_end(struct slice text)
{
	size_t at = 0;

	while (at < text.size && text.data[at] != ';')
		at += text.data[at] == '"' ? quoted_end(slice_from(text, at)) : 1;
	return at;
}

struct slice http_field_parameter(struct slice value, const char *name, bool *ret_is_quoted)
{
	struct slice rest = slice_from(value, slice_find(value, ';'));

	while (rest.size > 0) {
		size_t end, equals;
		struct slice text;
		bool is_quoted;

		rest = slice_from(rest, 1);
		end = parameter_end(rest);
		equals = slice_find(slice_first(rest, end), '=');
		text = slice_trim(slice_from(slice_first(rest, end), equals + 1));
		is_quoted = text.size > 0 && text.data[0] == '"';
		if (http_field_is(slice_trim(slice_first(rest, equals)), name)) {
			if (is_quoted)
				text = slice_from(slice_first(text, quoted_end(text)), 1);
			if (is_quoted && text.size > 0 && text.data[text.size - 1] == '"')
				text.size--;
			if (ret_is_quoted != NULL)
				*ret_is_quoted = is_quoted;
			return text;
		}
		rest = slice_from(rest, end);
	}
	return slice_text("");
}

static size_t write_unescaped(struct slice text, uint8_t *room, size_t room_bytes)
{
	size_t size = 0;

	for (size_t i = 0; i < text.size && size < room_bytes; i++) {
		// Browsers escape the quotation mark alone: a backslash is one of a path otherwise.
		if (text.data[i] == '\\' && i + 1 < text.size && text.data[i + 1] == '"')
			i++;
		room[size++] = text.data[i];
	}
	return size;
}

// RFC 8187, section 3.2: charset'language'percent-encoded.
static size_t write_extended(struct slice text, uint8_t *room, size_t room_bytes)
{
	size_t charset_bytes = slice_find(text, '\''), size = 0;
	bool is_latin = http_field_is(slice_first(text, charset_bytes), "ISO-8859-1");

	text = slice_from(text, charset_bytes + 1);
	text = slice_from(text, slice_find(text, '\'') + 1);
	while (text.size > 0 && size + 1 < room_bytes) {
		int decoded = ascii_percent_decode(text);
		uint8_t byte = decoded >= 0 ? (uint8_t)decoded : text.data[0];

		text = slice_from(text, decoded >= 0 ? 3 : 1);
		if (is_latin && byte >= 0x80) {
			room[size++] = (uint8_t)(0xc0 | byte >> 6);
			byte = 0x80 | (byte & 0x3f);
		}
		room[size++] = byte;
	}
	return size;
}

size_t http_field_file_name(struct slice disposition, uint8_t *room, size_t room_bytes)
{
	struct slice extended = http_field_parameter(disposition, "filename*", NULL);
	struct slice plain;
	bool is_quoted = false;

	if (extended.size > 0) {
		size_t size = write_extended(extended, room, room_bytes);

		if (size > 0)
			return size;
	}
	plain = http_field_parameter(disposition, "filename", &is_quoted);
	if (is_quoted)
		return write_unescaped(plain, room, room_bytes);
	plain = slice_first(plain, room_bytes);
	if (plain.size > 0)
		memcpy(room, plain.data, plain.size);
	return plain.size;
}
