#include "loader/prose_token.h"

#include <string.h>

#include "base/utf8.h"
#include "base/ascii.h"
#include "engine/normalize.h"

enum {
	KEY_BYTES_MAX = 24,      // "Command-and-Control:"
	LITERAL_BYTES_MAX = 48,  // "[IPv6 address]"
	SCHEME_BYTES_MAX = 12,   // what may stand before "://"
	TRAILING_PAIRS_MAX = 64, // unbalanced brackets at a token's end
};

// Words end here, within a URL, too.
static bool is_hard_end(uint8_t byte)
{
	return byte <= ' ' || byte == 0x7f || strchr("\"'`<>|", byte) != NULL;
}

// Words end here, but a URL goes on.
static bool is_soft_end(uint8_t byte)
{
	return strchr(",;=(){}[]", byte) != NULL && byte != '\0';
}

// Code points that are set beside a value without a space: general and CJK punctuation, kana,
// ideographs, Hangul, full-width forms (Unicode blocks), the no-break space, guillemets.
static bool is_other_script(uint32_t code)
{
	return code <= 0xbf || (code >= 0x2000 && code <= 0x2bff) ||
	       (code >= 0x2e80 && code <= 0xa4cf) || (code >= 0xac00 && code <= 0xd7ff) ||
	       (code >= 0xf900 && code <= 0xfaff) || (code >= 0xfe00 && code <= 0xffff) ||
	       code >= 0x1f000;
}

static uint32_t code_point(struct slice text, size_t size)
{
	static const uint8_t masks[5] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t code = text.data[0] & masks[size];

	for (size_t i = 1; i < size; i++)
		code = code << 6 | (text.data[i] & 0x3f);
	return code;
}

// The bytes of a character that parts words and is not ASCII; 0 when `text` begins with another.
static size_t other_script_size(struct slice text)
{
	size_t size = utf8_sequence_size(text);

	if (size == 1)
		return 0;
	if (size == 0)
		return 1;
	return is_other_script(code_point(text, size)) ? size : 0;
}

// "://" in one of its spellings.
static size_t scheme_mark_size(struct slice text)
{
	static const char *const marks[] = {"://", "[:]//", "(:)//", "{:}//", "[://]", "(://)"};

	for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
		if (slice_starts_with(text, marks[i]))
			return strlen(marks[i]);
	return 0;
}

static bool begins_with_scheme(struct slice text)
{
	return ascii_begins_with(text, "http") || ascii_begins_with(text, "hxxp");
}

// "[2001:db8::1]", and a port behind it.
static size_t literal_size(struct slice text)
{
	struct slice head = slice_first(text, LITERAL_BYTES_MAX);
	size_t end = slice_find(head, ']');
	bool has_colon = false;

	if (!slice_starts_with(text, "[") || end == head.size)
		return 0;
	for (size_t i = 1; i < end; i++) {
		has_colon |= head.data[i] == ':';
		if (head.data[i] != ':' && head.data[i] != '.' && ascii_hex_value(head.data[i]) < 0)
			return 0;
	}
	return has_colon && end > 3 ? end + 1 : 0;
}

// How far the word goes that `text` begins with.
static size_t word_size(struct slice text, bool *ret_has_scheme)
{
	size_t size = literal_size(text);

	*ret_has_scheme = false;
	while (size < text.size) {
		struct slice rest = slice_from(text, size);
		uint8_t byte = rest.data[0];
		size_t mark = *ret_has_scheme ? 0 : scheme_mark_size(rest);
		size_t step = mark > 0 ? mark : normalize_defanged_size(rest);

		*ret_has_scheme |= mark > 0 && size > 0;
		if (step == 0 && byte >= 0x80) {
			if (other_script_size(rest) > 0)
				break;
			step = utf8_sequence_size(rest);
		}
		if (step == 0) {
			bool is_list = (byte == ',' || byte == ';') &&
			               begins_with_scheme(slice_from(rest, 1));

			if (is_hard_end(byte) || is_list ||
			    (!*ret_has_scheme && is_soft_end(byte)) ||
			    slice_starts_with(rest, "]("))
				break;
			step = 1;
		}
		size += step;
	}
	return size;
}

// Does `text` end with a bracket that nothing in it opens? Defanging pairs are balanced.
static bool has_unopened_end(struct slice text)
{
	static const char pairs[][2] = {{'(', ')'}, {'[', ']'}, {'{', '}'}};
	uint8_t last = text.data[text.size - 1];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		size_t opened = 0;
		size_t closed = 0;

		if (last != (uint8_t)pairs[i][1])
			continue;
		for (size_t k = 0; k < text.size; k++) {
			opened += text.data[k] == (uint8_t)pairs[i][0];
			closed += text.data[k] == (uint8_t)pairs[i][1];
		}
		return closed > opened;
	}
	return false;
}

// Without the marks of a sentence and of emphasis around it.
static struct slice without_punctuation(struct slice text)
{
	while (text.size > 0 && strchr("*_-.:!?/\\#~@", text.data[0]) != NULL &&
	       normalize_defanged_size(text) == 0)
		text = slice_from(text, 1);
	for (unsigned i = 0; i < TRAILING_PAIRS_MAX && text.size > 0; i++) {
		size_t size = text.size;

		while (text.size > 0 && strchr(".,;:!?*_-\\", text.data[text.size - 1]) != NULL)
			text.size--;
		if (text.size > 0 && has_unopened_end(text))
			text.size--;
		if (text.size == size)
			break;
	}
	return text;
}

// From the scheme on: "URL:hxxp://…" is hxxp://….
static struct slice from_scheme(struct slice text)
{
	size_t mark = 0;

	while (mark < text.size && scheme_mark_size(slice_from(text, mark)) == 0)
		mark++;

	size_t start = mark;
	while (start > 0 && mark - start < SCHEME_BYTES_MAX &&
	       (ascii_is_letter(text.data[start - 1]) || ascii_is_digit(text.data[start - 1]) ||
	        strchr("+*", text.data[start - 1]) != NULL))
		start--;
	while (start < mark && ascii_is_digit(text.data[start])) // "%22hxxp://…"
		start++;
	return slice_from(text, start);
}

static bool is_hex_and_colons(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (ascii_hex_value(text.data[i]) < 0 && strchr(":./", text.data[i]) == NULL)
			return false;
	return true;
}

// "IP:198.51.100.1", "sha256:…": a word of letters, digits and hyphens before a colon; not the
// beginning of an IPv6 address.
static struct slice without_key(struct slice text)
{
	size_t colon = slice_find(slice_first(text, KEY_BYTES_MAX), ':');

	if (colon >= text.size || colon >= KEY_BYTES_MAX || !ascii_is_letter(text.data[0]))
		return text;
	for (size_t i = 0; i < colon; i++) {
		uint8_t byte = text.data[i];

		if (!ascii_is_letter(byte) && !ascii_is_digit(byte) && byte != '-' && byte != '_')
			return text;
	}
	return is_hex_and_colons(text) ? text : slice_from(text, colon + 1);
}

static size_t between_size(struct slice text)
{
	uint8_t byte = text.data[0];

	if (byte >= 0x80)
		return other_script_size(text);
	if (literal_size(text) > 0 || normalize_defanged_size(text) > 0)
		return 0;
	return is_hard_end(byte) || is_soft_end(byte) ? 1 : 0;
}

bool prose_token_next(struct slice line, size_t *offset, struct prose_token *ret_token)
{
	while (*offset < line.size) {
		struct slice rest = slice_from(line, *offset);
		size_t between = between_size(rest);

		if (between > 0) {
			*offset += between;
			continue;
		}

		bool has_scheme;
		struct slice word = slice_first(rest, word_size(rest, &has_scheme));
		struct slice before = slice_first(line, *offset);

		*offset += word.size > 0 ? word.size : 1;
		word = has_scheme ? from_scheme(word) : without_punctuation(without_key(word));
		word = without_punctuation(word);
		if (word.size == 0)
			continue;
		*ret_token = (struct prose_token){
			.text = word,
			.before = before,
			.has_scheme = has_scheme,
			.is_link = slice_ends_with(before, "]("),
		};
		return true;
	}
	return false;
}
