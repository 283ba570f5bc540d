// loader/pattern_parser.h — what pattern_parser.c (expressions) and pattern_comparison.c share.
#pragma once

#include "loader/pattern.h"
#include "loader/pattern_lexer.h"

struct pattern_parser {
	struct pattern_lexer lexer;
	struct pattern_token token; // the next one, not consumed yet
	struct arena *arena;
	unsigned depth;
	struct pattern_error *error;
};

void pattern_parser_advance(struct pattern_parser *parser);

// True, and the token consumed, when it is of that kind.
bool pattern_parser_accept(struct pattern_parser *parser, enum pattern_token_kind kind);

// 0, and the token consumed, when it is of that kind; else as pattern_parser_refuse().
int pattern_parser_expect(struct pattern_parser *parser, enum pattern_token_kind kind,
                          const char *expected);

// The next token is not what the grammar allows. Sets the error and returns -EINVAL.
int pattern_parser_refuse(struct pattern_parser *parser, const char *expected);

// Zeroed, in the arena; NULL when there is no memory.
void *pattern_parser_allocate(struct pattern_parser *parser, size_t size);

// "object:path operator literal" or "EXISTS object:path". Returns 0, -EINVAL, -ENOMEM.
int pattern_comparison_parse(struct pattern_parser *parser, struct pattern_node **ret_node);
