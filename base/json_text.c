#include "base/json_text.h"

#include "base/utf8.h"

static const char replacement_character[] = "\xef\xbf\xbd"; // U+FFFD

static bool is_plain(uint8_t byte)
{
	return byte >= ' ' && byte < 0x80 && byte != '"' && byte != '\\';
}

static void append_escaped(struct buffer *buffer, uint8_t byte)
{
	static const char short_forms[' '] = {
		['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r',
	};
	char short_form = byte < ' ' ? short_forms[byte] : (char)byte;

	if (short_form == 0) {
		buffer_format(buffer, "\\u%04x", byte);
		return;
	}
	buffer_append_byte(buffer, '\\');
	buffer_append_byte(buffer, (uint8_t)short_form);
}

// Appends what `text` begins with, which is not plain; returns how many bytes that was.
static size_t append_special(struct buffer *buffer, struct slice text)
{
	size_t size = utf8_sequence_size(text);

	if (size == 0) {
		buffer_append_text(buffer, replacement_character);
		return 1;
	}
	if (size == 1)
		append_escaped(buffer, text.data[0]);
	else
		buffer_append(buffer, text.data, size);
	return size;
}

void json_text_append(struct buffer *buffer, struct slice text)
{
	buffer_append_byte(buffer, '"');
	while (text.size > 0) {
		size_t plain = 0;

		while (plain < text.size && is_plain(text.data[plain]))
			plain++;
		buffer_append(buffer, text.data, plain);
		text = slice_from(text, plain);
		if (text.size > 0)
			text = slice_from(text, append_special(buffer, text));
	}
	buffer_append_byte(buffer, '"');
}
