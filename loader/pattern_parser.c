#include "loader/pattern_parser.h"

#include <errno.h>

#include "base/utf8.h"

void pattern_parser_advance(struct pattern_parser *parser)
{
	parser->token = pattern_lexer_next(&parser->lexer);
}

bool pattern_parser_accept(struct pattern_parser *parser, enum pattern_token_kind kind)
{
	if (parser->token.kind != kind)
		return false;
	pattern_parser_advance(parser);
	return true;
}

int pattern_parser_refuse(struct pattern_parser *parser, const char *expected)
{
	bool is_lexical = parser->token.kind == TOKEN_INVALID;

	parser->error->message = is_lexical ? parser->lexer.error : expected;
	parser->error->offset = parser->token.offset;
	return -EINVAL;
}

int pattern_parser_expect(struct pattern_parser *parser, enum pattern_token_kind kind,
                          const char *expected)
{
	return pattern_parser_accept(parser, kind) ? 0 : pattern_parser_refuse(parser, expected);
}

void *pattern_parser_allocate(struct pattern_parser *parser, size_t size)
{
	void *object = arena_allocate(parser->arena, size);

	return object != NULL ? memset(object, 0, size) : NULL;
}

static int take_value(struct pattern_parser *parser, bool is_wanted, const char *expected,
                      struct slice *ret_value)
{
	if (!is_wanted)
		return pattern_parser_refuse(parser, expected);
	*ret_value = parser->token.text;
	pattern_parser_advance(parser);
	return 0;
}

static int parse_within(struct pattern_parser *parser, struct pattern_qualifier *qualifier)
{
	bool is_number = parser->token.kind == TOKEN_INTEGER || parser->token.kind == TOKEN_FLOAT;
	int error = take_value(parser, is_number, "expected the seconds of WITHIN",
	                       &qualifier->value);

	qualifier->kind = PATTERN_WITHIN;
	if (error < 0)
		return error;
	return pattern_parser_expect(parser, TOKEN_SECONDS, "expected SECONDS");
}

static int parse_repeats(struct pattern_parser *parser, struct pattern_qualifier *qualifier)
{
	int error = take_value(parser, parser->token.kind == TOKEN_INTEGER,
	                       "expected the count of REPEATS", &qualifier->value);

	qualifier->kind = PATTERN_REPEATS;
	if (error < 0)
		return error;
	return pattern_parser_expect(parser, TOKEN_TIMES, "expected TIMES");
}

static int parse_start_stop(struct pattern_parser *parser, struct pattern_qualifier *qualifier)
{
	int error = take_value(parser, parser->token.kind == TOKEN_TIMESTAMP,
	                       "expected the timestamp of START", &qualifier->value);

	qualifier->kind = PATTERN_START_STOP;
	if (error == 0)
		error = pattern_parser_expect(parser, TOKEN_STOP, "expected STOP");
	if (error < 0)
		return error;
	return take_value(parser, parser->token.kind == TOKEN_TIMESTAMP,
	                  "expected the timestamp of STOP", &qualifier->stop);
}

// `may_repeat`: the grammar has any number of qualifiers, but a kind makes sense only once on
// one observation ("[...] WITHIN 5 SECONDS WITHIN 6 SECONDS"); on parentheses they nest.
static int parse_qualifiers(struct pattern_parser *parser, bool may_repeat,
                            struct pattern_qualifier **ret_qualifiers)
{
	struct pattern_qualifier **end = ret_qualifiers;
	unsigned seen = 0;

	for (;; end = &(*end)->next) {
		struct pattern_qualifier qualifier = {0};
		size_t offset = parser->token.offset;
		int error;

		if (pattern_parser_accept(parser, TOKEN_WITHIN))
			error = parse_within(parser, &qualifier);
		else if (pattern_parser_accept(parser, TOKEN_REPEATS))
			error = parse_repeats(parser, &qualifier);
		else if (pattern_parser_accept(parser, TOKEN_START))
			error = parse_start_stop(parser, &qualifier);
		else
			return 0;
		if (error < 0)
			return error;
		if (!may_repeat && (seen & 1U << qualifier.kind) != 0) {
			parser->error->message = "a qualifier given twice";
			parser->error->offset = offset;
			return -EINVAL;
		}
		seen |= 1U << qualifier.kind;
		*end = pattern_parser_allocate(parser, sizeof(**end));
		if (*end == NULL)
			return -ENOMEM;
		**end = qualifier;
	}
}

// From the loosest operator to the tightest (STIX 2.1, section 9.5, table of precedence); each
// level's operands are of the next one.
enum level {
	LEVEL_FOLLOWEDBY,
	LEVEL_OBSERVATION_OR,
	LEVEL_OBSERVATION_AND,
	LEVEL_OBSERVATION,
	LEVEL_COMPARISON_OR,
	LEVEL_COMPARISON_AND,
	LEVEL_COMPARISON,
};

static const struct {
	enum pattern_token_kind token;
	enum pattern_node_kind kind;
} levels[] = {
	[LEVEL_FOLLOWEDBY] = {TOKEN_FOLLOWEDBY, PATTERN_FOLLOWEDBY},
	[LEVEL_OBSERVATION_OR] = {TOKEN_OR, PATTERN_OBSERVATION_OR},
	[LEVEL_OBSERVATION_AND] = {TOKEN_AND, PATTERN_OBSERVATION_AND},
	[LEVEL_COMPARISON_OR] = {TOKEN_OR, PATTERN_COMPARISON_OR},
	[LEVEL_COMPARISON_AND] = {TOKEN_AND, PATTERN_COMPARISON_AND},
};

typedef int parse_fn(struct pattern_parser *parser, enum level level,
                     struct pattern_node **ret_node);

// What stands between parentheses, both consumed here. `parse` is parse_level().
static int parse_parentheses(struct pattern_parser *parser, parse_fn *parse, enum level level,
                             struct pattern_node **ret_node)
{
	if (parser->depth == PATTERN_DEPTH_MAX)
		return pattern_parser_refuse(parser, "nested too deeply");
	parser->depth++;
	pattern_parser_advance(parser);

	int error = parse(parser, level, ret_node);
	parser->depth--;
	if (error < 0)
		return error;
	return pattern_parser_expect(parser, TOKEN_RIGHT_PARENTHESIS,
	                             "expected an operator or ')'");
}

static int parse_brackets(struct pattern_parser *parser, parse_fn *parse,
                          struct pattern_node **ret_node)
{
	struct pattern_node *node = pattern_parser_allocate(parser, sizeof(*node));
	int error;

	if (node == NULL)
		return -ENOMEM;
	node->kind = PATTERN_OBSERVATION;
	error = pattern_parser_expect(parser, TOKEN_LEFT_BRACKET, "expected '[' or '('");
	if (error == 0)
		error = parse(parser, LEVEL_COMPARISON_OR, &node->children);
	if (error == 0)
		error = pattern_parser_expect(parser, TOKEN_RIGHT_BRACKET,
		                              "expected AND, OR or ']'");
	if (error == 0)
		*ret_node = node;
	return error;
}

static int parse_observation(struct pattern_parser *parser, parse_fn *parse,
                             struct pattern_node **ret_node)
{
	bool is_compound = parser->token.kind == TOKEN_LEFT_PARENTHESIS;
	struct pattern_qualifier **end;
	struct pattern_node *node;
	int error = is_compound ? parse_parentheses(parser, parse, LEVEL_FOLLOWEDBY, &node)
	                        : parse_brackets(parser, parse, &node);

	if (error < 0)
		return error;
	// "(([...] WITHIN ...) WITHIN ...)": the outer ones stand behind the inner ones.
	for (end = &node->qualifiers; *end != NULL;)
		end = &(*end)->next;
	error = parse_qualifiers(parser, is_compound, end);
	if (error == 0)
		*ret_node = node;
	return error;
}

static int parse_operand(struct pattern_parser *parser, parse_fn *parse, enum level level,
                         struct pattern_node **ret_node)
{
	if (level == LEVEL_OBSERVATION)
		return parse_observation(parser, parse, ret_node);
	if (level != LEVEL_COMPARISON)
		return parse(parser, level, ret_node);
	if (parser->token.kind == TOKEN_LEFT_PARENTHESIS)
		return parse_parentheses(parser, parse, LEVEL_COMPARISON_OR, ret_node);
	return pattern_comparison_parse(parser, ret_node);
}

// One operand, or a run of them joined by the level's operator as one node. Recursion is
// bounded: by the levels, and parentheses by PATTERN_DEPTH_MAX.
static int parse_level(struct pattern_parser *parser, enum level level,
                       struct pattern_node **ret_node)
{
	struct pattern_node *first;
	int error = parse_operand(parser, parse_level, level + 1, &first);

	if (error < 0 || parser->token.kind != levels[level].token) {
		if (error == 0)
			*ret_node = first;
		return error;
	}

	struct pattern_node *node = pattern_parser_allocate(parser, sizeof(*node));
	struct pattern_node *last = first;

	if (node == NULL)
		return -ENOMEM;
	node->kind = levels[level].kind;
	node->children = first;
	while (pattern_parser_accept(parser, levels[level].token)) {
		error = parse_operand(parser, parse_level, level + 1, &last->next);
		if (error < 0)
			return error;
		last = last->next;
	}
	*ret_node = node;
	return 0;
}

int pattern_parse(struct slice text, struct arena *arena, struct pattern_node **ret_root,
                  struct pattern_error *ret_error)
{
	struct pattern_parser parser = {
		.lexer = {.text = text},
		.arena = arena,
		.error = ret_error,
	};
	struct pattern_node *root;
	int error;

	*ret_error = (struct pattern_error){0};
	if (text.size > PATTERN_BYTES_MAX || !utf8_is_valid(text)) {
		ret_error->message = text.size > PATTERN_BYTES_MAX ? "longer than 1 MB"
		                                                   : "not valid UTF-8";
		return -EINVAL;
	}
	pattern_parser_advance(&parser);
	error = parse_level(&parser, LEVEL_FOLLOWEDBY, &root);
	if (error == 0)
		error = pattern_parser_expect(&parser, TOKEN_END, "expected the end");
	if (error == 0)
		*ret_root = root;
	return error;
}
