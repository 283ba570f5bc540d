#include "loader/wildcard.h"

#include <ctype.h>

enum { LETTERS_MIN = 3 };

// ".*" for a run of '*', everything else as itself.
static void append_escaped(struct buffer *out, struct slice text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t byte = text.data[i];

		if (byte == '*') {
			if (i == 0 || text.data[i - 1] != '*')
				buffer_append_text(out, ".*");
			continue;
		}
		if (!isalnum(byte) && byte < 0x80)
			buffer_append_byte(out, '\\');
		buffer_append_byte(out, byte);
	}
}

bool wildcard_name(struct slice text, struct buffer *out)
{
	size_t letters = 0;
	bool is_address = true;

	if (slice_ends_with(text, "."))
		text.size--;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t byte = text.data[i];

		if (!isalnum(byte) && byte != '-' && byte != '_' && byte != '.' && byte != '*')
			return false;
		letters += isalnum(byte) != 0;
		is_address &= !isalnum(byte) || isdigit(byte);
	}
	if (letters < LETTERS_MIN || is_address)
		return false;
	buffer_append_text(out, "(?i)(?:^|\\.)");
	append_escaped(out, text);
	buffer_append_byte(out, '$');
	return true;
}

void wildcard_url(struct slice url, bool is_open, bool has_scheme, struct buffer *out)
{
	buffer_append_text(out, has_scheme ? "^" : "^https?://");
	append_escaped(out, url);
	if (!is_open)
		buffer_append_byte(out, '$');
}
