#include "loader/pattern_lexer.h"

#include <stdbool.h>

static bool is_digit(uint8_t byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_hex_digit(uint8_t byte)
{
	return is_digit(byte) || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

static bool begins_identifier(uint8_t byte)
{
	return ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') || byte == '_';
}

static uint8_t byte_at(struct slice text, size_t offset)
{
	return offset < text.size ? text.data[offset] : '\0';
}

// Bytes of the white space character that `text` begins with, 0 for none: ASCII's, and those
// that the grammar lists beyond (U+0085, U+00A0, U+1680, U+2000 to U+200A, U+2028 …).
static size_t space_size(struct slice text)
{
	static const char *const wide[] = {
		"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\xa8",
		"\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80",
	};
	uint8_t first = byte_at(text, 0);

	if (first == ' ' || (first >= '\t' && first <= '\r'))
		return 1;
	if (first < 0x80)
		return 0;
	for (size_t i = 0; i < sizeof(wide) / sizeof(wide[0]); i++)
		if (slice_starts_with(text, wide[i]))
			return strlen(wide[i]);
	if (slice_starts_with(text, "\xe2\x80") && byte_at(text, 2) >= 0x80 &&
	    byte_at(text, 2) <= 0x8a)
		return 3;
	return 0;
}

// Bytes of the comment that `text` begins with, 0 for none (also when it is never closed).
static size_t comment_size(struct slice text)
{
	if (slice_starts_with(text, "//")) {
		size_t size = 2;

		while (size < text.size && text.data[size] != '\n' && text.data[size] != '\r')
			size++;
		return size;
	}
	if (!slice_starts_with(text, "/*"))
		return 0;
	const uint8_t *end = memmem(text.data + 2, text.size - 2, "*/", 2);
	return end != NULL ? (size_t)(end - text.data) + 2 : 0;
}

static void skip_space(struct pattern_lexer *lexer)
{
	for (;;) {
		struct slice rest = slice_from(lexer->text, lexer->offset);
		size_t size = space_size(rest);

		if (size == 0)
			size = comment_size(rest);
		if (size == 0)
			return;
		lexer->offset += size;
	}
}

static struct pattern_token take(struct pattern_lexer *lexer, enum pattern_token_kind kind,
                                 size_t size)
{
	struct pattern_token token = {
		.kind = kind,
		.text = slice_first(slice_from(lexer->text, lexer->offset), size),
		.offset = lexer->offset,
	};

	lexer->offset += size;
	return token;
}

static struct pattern_token refuse(struct pattern_lexer *lexer, const char *error)
{
	lexer->error = error;
	return take(lexer, TOKEN_INVALID, 0);
}

// A quoted word: `prefix_size` bytes and the quote before its content, the quote behind it.
static struct pattern_token take_quoted(struct pattern_lexer *lexer, enum pattern_token_kind kind,
                                        size_t prefix_size, size_t content_size)
{
	struct pattern_token token = take(lexer, kind, prefix_size + content_size + 2);

	token.text = slice_first(slice_from(token.text, prefix_size + 1), content_size);
	return token;
}

static struct pattern_token take_string(struct pattern_lexer *lexer)
{
	struct slice rest = slice_from(lexer->text, lexer->offset);
	size_t end = 1;

	while (end < rest.size && rest.data[end] != '\'') {
		uint8_t next = byte_at(rest, end + 1);

		if (rest.data[end] != '\\')
			end++;
		else if (end + 1 < rest.size && (next == '\'' || next == '\\'))
			end += 2;
		else
			return refuse(lexer, "a backslash that escapes neither ' nor \\");
	}
	if (end >= rest.size)
		return refuse(lexer, "a string without its closing quote");
	return take_quoted(lexer, TOKEN_STRING, 0, end - 1);
}

static bool is_hex(struct slice content)
{
	for (size_t i = 0; i < content.size; i++)
		if (!is_hex_digit(content.data[i]))
			return false;
	return content.size % 2 == 0;
}

// Base64 with its padding, not empty (the grammar says so).
static bool is_base64(struct slice content)
{
	size_t padding = slice_ends_with(content, "==") ? 2 : slice_ends_with(content, "=");

	if (content.size == 0 || content.size % 4 != 0)
		return false;
	for (size_t i = 0; i < content.size - padding; i++) {
		uint8_t byte = content.data[i];

		if (!is_digit(byte) && !((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') &&
		    byte != '+' && byte != '/')
			return false;
	}
	return true;
}

// Two digits at `offset`, between `low` and `high`.
static bool has_number(struct slice text, size_t offset, unsigned low, unsigned high)
{
	uint8_t tens = byte_at(text, offset);
	uint8_t ones = byte_at(text, offset + 1);

	if (!is_digit(tens) || !is_digit(ones))
		return false;
	unsigned number = (unsigned)(tens - '0') * 10 + (unsigned)(ones - '0');
	return number >= low && number <= high;
}

// "2014-01-13T07:03:17.5Z", as the grammar has it: no look at the calendar (31 February passes).
static bool is_timestamp(struct slice text)
{
	enum { WHOLE_SECONDS = sizeof("2014-01-13T07:03:17") - 1 };

	if (text.size <= WHOLE_SECONDS || text.data[text.size - 1] != 'Z' ||
	    !has_number(text, 0, 0, 99) || !has_number(text, 2, 0, 99) || text.data[4] != '-' ||
	    !has_number(text, 5, 1, 12) || text.data[7] != '-' || !has_number(text, 8, 1, 31) ||
	    text.data[10] != 'T' || !has_number(text, 11, 0, 23) || text.data[13] != ':' ||
	    !has_number(text, 14, 0, 59) || text.data[16] != ':' || !has_number(text, 17, 0, 60))
		return false;

	struct slice fraction = slice_first(slice_from(text, WHOLE_SECONDS),
	                                    text.size - WHOLE_SECONDS - 1);
	if (fraction.size == 0)
		return true;
	for (size_t i = 1; i < fraction.size; i++)
		if (!is_digit(fraction.data[i]))
			return false;
	return fraction.data[0] == '.' && fraction.size > 1;
}

// h'…', b'…' or t'…' with the right content; TOKEN_END when it is none of them.
static struct pattern_token take_typed(struct pattern_lexer *lexer)
{
	struct slice rest = slice_from(lexer->text, lexer->offset);
	struct slice content = slice_from(rest, 2);
	uint8_t type = byte_at(rest, 0);

	if (byte_at(rest, 1) == '\'') {
		size_t size = slice_find(content, '\'');
		bool is_closed = size < content.size;

		content.size = size;
		if (is_closed && type == 'h' && is_hex(content))
			return take_quoted(lexer, TOKEN_HEX, 1, size);
		if (is_closed && type == 'b' && is_base64(content))
			return take_quoted(lexer, TOKEN_BINARY, 1, size);
		if (is_closed && type == 't' && is_timestamp(content))
			return take_quoted(lexer, TOKEN_TIMESTAMP, 1, size);
		if (type == 'h' || type == 'b' || type == 't')
			return refuse(lexer, type == 'h'   ? "not a hex literal"
			                     : type == 'b' ? "not a base64 literal"
			                                   : "not a timestamp");
	}
	return (struct pattern_token){.kind = TOKEN_END};
}

static const char *const keywords[] = {
	"AND",      "OR",     "NOT",    "FOLLOWEDBY", "LIKE",  "MATCHES", "ISSUPERSET",
	"ISSUBSET", "EXISTS", "LAST",   "IN",         "START", "STOP",    "SECONDS",
	"true",     "false",  "WITHIN", "REPEATS",    "TIMES",
};

// TOKEN_END when the word is none.
static enum pattern_token_kind keyword_kind(struct slice word)
{
	for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (word.data[0] == (uint8_t)keywords[i][0] && slice_is(word, keywords[i]))
			return TOKEN_AND + (enum pattern_token_kind)i;
	return TOKEN_END;
}

static struct pattern_token take_word(struct pattern_lexer *lexer)
{
	struct slice rest = slice_from(lexer->text, lexer->offset);
	size_t size = 0;
	bool has_hyphen = false;

	while (begins_identifier(byte_at(rest, size)) || is_digit(byte_at(rest, size)) ||
	       byte_at(rest, size) == '-')
		has_hyphen |= rest.data[size++] == '-';

	enum pattern_token_kind keyword = keyword_kind(slice_first(rest, size));
	if (keyword != TOKEN_END)
		return take(lexer, keyword, size);
	return take(lexer, has_hyphen ? TOKEN_HYPHENATED : TOKEN_IDENTIFIER, size);
}

static size_t count_digits(struct slice text, size_t offset)
{
	size_t count = 0;

	while (is_digit(byte_at(text, offset + count)))
		count++;
	return count;
}

// A number; TOKEN_END when none begins here. The longest word wins: "01" is 0 and then 1, but
// "01.5" is one number.
static struct pattern_token take_number(struct pattern_lexer *lexer)
{
	struct slice rest = slice_from(lexer->text, lexer->offset);
	bool is_negative = byte_at(rest, 0) == '-';
	size_t start = is_negative || byte_at(rest, 0) == '+' ? 1 : 0;
	size_t whole = count_digits(rest, start);
	size_t fraction = byte_at(rest, start + whole) == '.'
	                          ? count_digits(rest, start + whole + 1)
	                          : 0;

	if (fraction > 0)
		return take(lexer, is_negative ? TOKEN_NEGATIVE_FLOAT : TOKEN_FLOAT,
		            start + whole + 1 + fraction);
	if (whole == 0)
		return (struct pattern_token){.kind = TOKEN_END};
	if (byte_at(rest, start) == '0')
		whole = 1;
	return take(lexer, is_negative ? TOKEN_NEGATIVE_INTEGER : TOKEN_INTEGER, start + whole);
}

static struct pattern_token take_sign(struct pattern_lexer *lexer)
{
	static const struct {
		const char *text;
		enum pattern_token_kind kind;
	} signs[] = {
		{"==", TOKEN_EQUAL},
		{"!=", TOKEN_NOT_EQUAL},
		{"<>", TOKEN_NOT_EQUAL},
		{"<=", TOKEN_LESS_OR_EQUAL},
		{">=", TOKEN_GREATER_OR_EQUAL},
		{"=", TOKEN_EQUAL},
		{"<", TOKEN_LESS},
		{">", TOKEN_GREATER},
		{":", TOKEN_COLON},
		{".", TOKEN_DOT},
		{",", TOKEN_COMMA},
		{"(", TOKEN_LEFT_PARENTHESIS},
		{")", TOKEN_RIGHT_PARENTHESIS},
		{"[", TOKEN_LEFT_BRACKET},
		{"]", TOKEN_RIGHT_BRACKET},
		{"*", TOKEN_ASTERISK},
	};
	struct slice rest = slice_from(lexer->text, lexer->offset);

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (rest.data[0] == (uint8_t)signs[i].text[0] &&
		    slice_starts_with(rest, signs[i].text))
			return take(lexer, signs[i].kind, strlen(signs[i].text));
	return refuse(lexer, "a character that belongs to no word");
}

struct pattern_token pattern_lexer_next(struct pattern_lexer *lexer)
{
	struct pattern_token token = {.kind = TOKEN_END};

	skip_space(lexer);
	if (lexer->offset >= lexer->text.size)
		return take(lexer, TOKEN_END, 0);

	uint8_t first = lexer->text.data[lexer->offset];
	if (first == '\'')
		return take_string(lexer);
	if (begins_identifier(first)) {
		token = take_typed(lexer);
		return token.kind != TOKEN_END ? token : take_word(lexer);
	}
	token = take_number(lexer);
	return token.kind != TOKEN_END ? token : take_sign(lexer);
}
