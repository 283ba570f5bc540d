#include "loader/mail_header.h"

#include <string.h>

#include "base/ascii.h"

enum { FIELDS_LOOKED_AT = 200 };

// A field name is printable ASCII without ':' (RFC 5322, section 2.2). 0: none begins here.
static size_t field_name_size(struct slice line)
{
	size_t colon = slice_find(line, ':');

	for (size_t i = 0; i < colon && i < line.size; i++)
		if (line.data[i] <= ' ' || line.data[i] >= 0x7f)
			return 0;
	return colon < line.size ? colon : 0;
}

// The size of the field that `text` begins with: its line and those folded into it.
static size_t field_size(struct slice text)
{
	size_t size = 0;

	do {
		struct slice rest = slice_from(text, size);
		size_t line = slice_find(rest, '\n');

		size += line < rest.size ? line + 1 : line;
	} while (size < text.size && (text.data[size] == ' ' || text.data[size] == '\t'));
	return size;
}

static bool is_name(struct slice name, const char *expected)
{
	return name.size == strlen(expected) && ascii_begins_with(name, expected);
}

static void keep_field(struct mail_header *header, struct slice field)
{
	size_t name_size = field_name_size(field);
	struct slice name = slice_first(field, name_size);
	struct slice value = slice_trim(slice_from(field, name_size + 1));

	header->field_count += name_size > 0;
	if (is_name(name, "message-id"))
		header->message_id = value;
	else if (is_name(name, "content-type"))
		header->content_type = value;
	else if (is_name(name, "content-transfer-encoding"))
		header->transfer_encoding = value;
	else if (is_name(name, "content-disposition"))
		header->disposition = value;
}

size_t mail_header_read(struct slice message, struct mail_header *ret_header)
{
	struct slice head = slice_first(message, MAIL_HEADER_BYTES_MAX);
	size_t offset = 0;

	memset(ret_header, 0, sizeof(*ret_header));
	while (offset < head.size) {
		struct slice rest = slice_from(head, offset);
		size_t line = slice_find(rest, '\n');
		size_t size = field_size(rest);

		if (slice_trim(slice_first(rest, line)).size == 0)
			return offset + (line < rest.size ? line + 1 : line);
		keep_field(ret_header, slice_first(rest, size));
		offset += size;
	}
	return offset;
}

bool mail_header_is(struct slice field, const char *type)
{
	size_t end = slice_find(field, ';');
	struct slice value = slice_trim(slice_first(field, end));
	size_t size = strlen(type);

	if (size > 2 && strcmp(type + size - 2, "/*") == 0) {
		struct slice major = slice_first(value, slice_find(value, '/'));

		return major.size == size - 2 &&
		       strncasecmp((const char *)major.data, type, major.size) == 0;
	}
	return is_name(value, type);
}

static void skip_blanks(struct slice *rest)
{
	while (rest->size > 0 && (slice_is_blank(rest->data[0]) || rest->data[0] == ';'))
		*rest = slice_from(*rest, 1);
}

// Takes a token or a quoted string off `rest`; what does not fit is dropped.
static size_t take_value(struct slice *rest, char ret_value[MAIL_VALUE_BYTES_MAX])
{
	bool is_quoted = slice_starts_with(*rest, "\"");
	size_t used = 0;
	size_t i = is_quoted ? 1 : 0;

	for (; i < rest->size; i++) {
		uint8_t byte = rest->data[i];

		if (is_quoted ? byte == '"' : byte == ';' || slice_is_blank(byte))
			break;
		if (is_quoted && byte == '\\' && i + 1 < rest->size)
			byte = rest->data[++i];
		if (byte == '\r' || byte == '\n')
			continue;
		if (used < MAIL_VALUE_BYTES_MAX - 1)
			ret_value[used++] = (char)byte;
	}
	ret_value[used] = '\0';
	*rest = slice_from(*rest, i + (is_quoted ? 1 : 0));
	return used;
}

// charset'language'percent-encoded (RFC 2231, section 4), in place.
static size_t decode_extended(char *value, size_t size)
{
	struct slice text = slice_of(value, size);
	size_t used = 0;

	for (unsigned i = 0; i < 2; i++) {
		size_t quote = slice_find(text, '\'');

		if (quote < text.size)
			text = slice_from(text, quote + 1);
	}
	while (text.size > 0) {
		int byte = ascii_percent_decode(text);

		value[used++] = byte > 0 ? (char)byte : (char)text.data[0];
		text = slice_from(text, byte > 0 ? 3 : 1);
	}
	value[used] = '\0';
	return used;
}

size_t mail_header_parameter(struct slice field, const char *name,
                             char ret_value[MAIL_VALUE_BYTES_MAX])
{
	struct slice rest = slice_from(field, slice_find(field, ';'));
	size_t name_size = strlen(name);

	while (rest.size > 0) {
		skip_blanks(&rest);

		size_t equals = slice_find(rest, '=');
		struct slice key = slice_trim(slice_first(rest, equals));
		if (equals >= rest.size)
			break;
		rest = slice_from(rest, equals + 1);
		skip_blanks(&rest);

		size_t size = take_value(&rest, ret_value);
		struct slice behind = slice_from(key, name_size);
		if (!ascii_begins_with(key, name) || size == 0)
			continue;
		if (behind.size == 0 || slice_is(behind, "*0"))
			return size;
		if (slice_is(behind, "*") || slice_is(behind, "*0*"))
			return decode_extended(ret_value, size);
	}
	return 0;
}

bool mail_header_is_mail(struct slice head)
{
	static const char *const telling[] = {"date",        "message-id",   "received",
	                                      "return-path", "mime-version", "delivered-to"};
	bool has_from = false;
	unsigned told = 0;

	for (unsigned i = 0; i < FIELDS_LOOKED_AT && head.size > 0; i++) {
		size_t size = field_size(head);
		struct slice field = slice_first(head, size);
		struct slice name = slice_first(field, field_name_size(field));

		if (slice_trim(slice_first(head, slice_find(head, '\n'))).size == 0)
			return has_from && told > 0;
		if (name.size == 0)
			return false;
		has_from |= is_name(name, "from");
		for (size_t k = 0; k < sizeof(telling) / sizeof(telling[0]); k++)
			told += is_name(name, telling[k]);
		head = slice_from(head, size);
	}
	return has_from && told > 1;
}
