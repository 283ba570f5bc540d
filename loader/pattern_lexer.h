// loader/pattern_lexer.h — the words of a STIX pattern, for pattern_parser.c only.
#pragma once

#include <stddef.h>

#include "base/slice.h"

enum pattern_token_kind {
	TOKEN_END,
	TOKEN_INVALID, // no word begins here: pattern_lexer.error says why
	TOKEN_INTEGER,
	TOKEN_NEGATIVE_INTEGER,
	TOKEN_FLOAT,
	TOKEN_NEGATIVE_FLOAT,
	TOKEN_STRING,
	TOKEN_HEX,
	TOKEN_BINARY,
	TOKEN_TIMESTAMP,
	TOKEN_IDENTIFIER,
	TOKEN_HYPHENATED, // an identifier with '-': object types only
	TOKEN_EQUAL,
	TOKEN_NOT_EQUAL,
	TOKEN_LESS,
	TOKEN_LESS_OR_EQUAL,
	TOKEN_GREATER,
	TOKEN_GREATER_OR_EQUAL,
	TOKEN_COLON,
	TOKEN_DOT,
	TOKEN_COMMA,
	TOKEN_LEFT_PARENTHESIS,
	TOKEN_RIGHT_PARENTHESIS,
	TOKEN_LEFT_BRACKET,
	TOKEN_RIGHT_BRACKET,
	TOKEN_ASTERISK,
	TOKEN_AND, // keywords from here on
	TOKEN_OR,
	TOKEN_NOT,
	TOKEN_FOLLOWEDBY,
	TOKEN_LIKE,
	TOKEN_MATCHES,
	TOKEN_ISSUPERSET,
	TOKEN_ISSUBSET,
	TOKEN_EXISTS,
	TOKEN_LAST,
	TOKEN_IN,
	TOKEN_START,
	TOKEN_STOP,
	TOKEN_SECONDS,
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_WITHIN,
	TOKEN_REPEATS,
	TOKEN_TIMES,
};

struct pattern_token {
	enum pattern_token_kind kind;
	struct slice text; // as spelled; of quoted ones what stands between the quotes
	size_t offset;
};

struct pattern_lexer {
	struct slice text;
	size_t offset;
	const char *error; // static, with TOKEN_INVALID
};

// The next word; whitespace and comments before it are passed over. TOKEN_END and TOKEN_INVALID
// are given again when asked again.
struct pattern_token pattern_lexer_next(struct pattern_lexer *lexer);
