#include "loader/pattern_parser.h"

#include <ctype.h>
#include <errno.h>

static bool next_is(const struct pattern_parser *parser, enum pattern_token_kind kind)
{
	return parser->token.kind == kind;
}

static bool is_hex(struct slice text)
{
	for (size_t i = 0; i < text.size; i++)
		if (!isxdigit(text.data[i]))
			return false;
	return true;
}

// Without the backslashes; copied only when there are any.
static int unescape(struct pattern_parser *parser, struct slice quoted, struct slice *ret_text)
{
	if (slice_find(quoted, '\\') == quoted.size) {
		*ret_text = quoted;
		return 0;
	}

	uint8_t *text = arena_allocate(parser->arena, quoted.size);
	size_t size = 0;

	if (text == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < quoted.size; i++) {
		if (quoted.data[i] == '\\')
			i++;
		text[size++] = quoted.data[i];
	}
	*ret_text = slice_of(text, size);
	return 0;
}

static bool literal_kind(enum pattern_token_kind token, enum pattern_literal_kind *ret_kind)
{
	switch (token) {
	case TOKEN_STRING:
		*ret_kind = PATTERN_STRING;
		return true;
	case TOKEN_INTEGER:
	case TOKEN_NEGATIVE_INTEGER:
		*ret_kind = PATTERN_INTEGER;
		return true;
	case TOKEN_FLOAT:
	case TOKEN_NEGATIVE_FLOAT:
		*ret_kind = PATTERN_FLOAT;
		return true;
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		*ret_kind = PATTERN_BOOLEAN;
		return true;
	case TOKEN_HEX:
		*ret_kind = PATTERN_HEX;
		return true;
	case TOKEN_BINARY:
		*ret_kind = PATTERN_BINARY;
		return true;
	case TOKEN_TIMESTAMP:
		*ret_kind = PATTERN_TIMESTAMP;
		return true;
	default:
		return false;
	}
}

static int parse_literal(struct pattern_parser *parser, struct pattern_literal **ret_literal)
{
	enum pattern_literal_kind kind;
	int error = 0;

	if (!literal_kind(parser->token.kind, &kind))
		return pattern_parser_refuse(parser, "expected a literal");

	struct pattern_literal *literal = pattern_parser_allocate(parser, sizeof(*literal));
	if (literal == NULL)
		return -ENOMEM;
	literal->kind = kind;
	literal->text = parser->token.text;
	if (kind == PATTERN_STRING)
		error = unescape(parser, parser->token.text, &literal->text);
	if (error < 0)
		return error;
	pattern_parser_advance(parser);
	*ret_literal = literal;
	return 0;
}

static int parse_string(struct pattern_parser *parser, struct pattern_literal **ret_literal)
{
	if (!next_is(parser, TOKEN_STRING))
		return pattern_parser_refuse(parser, "expected a string");
	return parse_literal(parser, ret_literal);
}

static int parse_ordered(struct pattern_parser *parser, struct pattern_literal **ret_literal)
{
	if (next_is(parser, TOKEN_TRUE) || next_is(parser, TOKEN_FALSE))
		return pattern_parser_refuse(parser, "a boolean has no order");
	return parse_literal(parser, ret_literal);
}

static int parse_set(struct pattern_parser *parser, struct pattern_literal **ret_literals)
{
	struct pattern_literal **end = ret_literals;
	int error = pattern_parser_expect(parser, TOKEN_LEFT_PARENTHESIS, "expected '(' of a set");

	if (error < 0 || pattern_parser_accept(parser, TOKEN_RIGHT_PARENTHESIS))
		return error;
	do {
		error = parse_literal(parser, end);
		if (error < 0)
			return error;
		end = &(*end)->next;
	} while (pattern_parser_accept(parser, TOKEN_COMMA));
	return pattern_parser_expect(parser, TOKEN_RIGHT_PARENTHESIS,
	                             "expected ',' or ')' in a set");
}

static int add_key(struct pattern_parser *parser, struct pattern_step **ret_step)
{
	struct pattern_step *step = pattern_parser_allocate(parser, sizeof(*step));
	int error = 0;

	if (step == NULL)
		return -ENOMEM;
	step->kind = PATTERN_KEY;
	step->text = parser->token.text;
	if (next_is(parser, TOKEN_STRING))
		error = unescape(parser, parser->token.text, &step->text);
	else if (!next_is(parser, TOKEN_IDENTIFIER))
		error = pattern_parser_refuse(parser,
		                              next_is(parser, TOKEN_HYPHENATED)
		                                      ? "a property name with '-' must be quoted"
		                                      : "expected a property name");
	if (error < 0)
		return error;
	pattern_parser_advance(parser);
	*ret_step = step;
	return 0;
}

static int add_index(struct pattern_parser *parser, struct pattern_step **ret_step)
{
	struct pattern_step *step = pattern_parser_allocate(parser, sizeof(*step));

	if (step == NULL)
		return -ENOMEM;
	step->kind = next_is(parser, TOKEN_ASTERISK) ? PATTERN_ANY_INDEX : PATTERN_INDEX;
	step->text = parser->token.text;
	if (!next_is(parser, TOKEN_ASTERISK) && !next_is(parser, TOKEN_INTEGER) &&
	    !next_is(parser, TOKEN_NEGATIVE_INTEGER))
		return pattern_parser_refuse(parser, "expected a list index or '*'");
	pattern_parser_advance(parser);
	*ret_step = step;
	return pattern_parser_expect(parser, TOKEN_RIGHT_BRACKET, "expected ']' of a list index");
}

static int parse_path(struct pattern_parser *parser, struct pattern_comparison *comparison)
{
	struct pattern_step **end = &comparison->path;
	int error;

	if (!next_is(parser, TOKEN_IDENTIFIER) && !next_is(parser, TOKEN_HYPHENATED))
		return pattern_parser_refuse(parser, "expected an object type");
	comparison->object_type = parser->token.text;
	pattern_parser_advance(parser);
	error = pattern_parser_expect(parser, TOKEN_COLON, "expected ':' behind the object type");
	if (error == 0)
		error = add_key(parser, end);

	while (error == 0) {
		end = &(*end)->next;
		if (pattern_parser_accept(parser, TOKEN_DOT))
			error = add_key(parser, end);
		else if (pattern_parser_accept(parser, TOKEN_LEFT_BRACKET))
			error = add_index(parser, end);
		else
			return 0;
	}
	return error;
}

static const struct {
	enum pattern_token_kind token;
	enum pattern_operator comparison_operator;
	int (*parse)(struct pattern_parser *parser, struct pattern_literal **ret_literals);
} operators[] = {
	{TOKEN_EQUAL, PATTERN_EQUAL, parse_literal},
	{TOKEN_NOT_EQUAL, PATTERN_NOT_EQUAL, parse_literal},
	{TOKEN_GREATER, PATTERN_GREATER, parse_ordered},
	{TOKEN_LESS, PATTERN_LESS, parse_ordered},
	{TOKEN_GREATER_OR_EQUAL, PATTERN_GREATER_OR_EQUAL, parse_ordered},
	{TOKEN_LESS_OR_EQUAL, PATTERN_LESS_OR_EQUAL, parse_ordered},
	{TOKEN_IN, PATTERN_IN, parse_set},
	{TOKEN_LIKE, PATTERN_IS_LIKE, parse_string},
	{TOKEN_MATCHES, PATTERN_IS_MATCHED, parse_string},
	{TOKEN_ISSUBSET, PATTERN_ISSUBSET, parse_string},
	{TOKEN_ISSUPERSET, PATTERN_ISSUPERSET, parse_string},
};

static int parse_operation(struct pattern_parser *parser, struct pattern_comparison *comparison)
{
	comparison->is_negated = pattern_parser_accept(parser, TOKEN_NOT);
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (!pattern_parser_accept(parser, operators[i].token))
			continue;
		comparison->comparison_operator = operators[i].comparison_operator;
		return operators[i].parse(parser, &comparison->literals);
	}
	return pattern_parser_refuse(parser, "expected a comparison operator");
}

// What the OASIS validator asks of hashes, too: hex of the algorithm's length. Keys are compared
// without '-' and case ("SHA-256", "sha256"); keys it does not know are not looked at.
static bool hash_is_well_formed(struct slice key, struct slice value)
{
	static const struct {
		const char *key;
		size_t digits;
	} algorithms[] = {
		{"MD5", 32},        {"MD6", 32},     {"RIPEMD160", 40}, {"SHA1", 40},
		{"SHA224", 56},     {"SHA256", 64},  {"SHA384", 96},    {"SHA512", 128},
		{"SHA3224", 56},    {"SHA3256", 64}, {"SHA3384", 96},   {"SHA3512", 128},
		{"WHIRLPOOL", 128},
	};
	char folded[16];
	size_t size = 0;

	for (size_t i = 0; i < key.size; i++) {
		if (key.data[i] == '-')
			continue;
		if (size == sizeof(folded))
			return true;
		folded[size++] = (char)toupper(key.data[i]);
	}
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (slice_is(slice_of(folded, size), algorithms[i].key))
			return value.size == algorithms[i].digits && is_hex(value);
	return true;
}

// Only whole hashes are looked at: those compared by =, != and IN.
static bool hashes_are_well_formed(const struct pattern_comparison *comparison)
{
	const struct pattern_step *last = comparison->path;
	bool is_hash = false;

	for (; last->next != NULL; last = last->next)
		is_hash |= last->kind == PATTERN_KEY && slice_is(last->text, "hashes");
	if (!is_hash || last->kind != PATTERN_KEY ||
	    (comparison->comparison_operator != PATTERN_EQUAL &&
	     comparison->comparison_operator != PATTERN_NOT_EQUAL &&
	     comparison->comparison_operator != PATTERN_IN))
		return true;
	for (const struct pattern_literal *literal = comparison->literals; literal != NULL;
	     literal = literal->next)
		if (!hash_is_well_formed(last->text, literal->text))
			return false;
	return true;
}

int pattern_comparison_parse(struct pattern_parser *parser, struct pattern_node **ret_node)
{
	struct pattern_node *node = pattern_parser_allocate(parser, sizeof(*node));
	struct pattern_comparison *comparison = pattern_parser_allocate(parser,
	                                                                sizeof(*comparison));
	size_t offset = parser->token.offset;
	int error;

	if (node == NULL || comparison == NULL)
		return -ENOMEM;
	node->kind = PATTERN_COMPARISON;
	node->comparison = comparison;

	bool is_negated = pattern_parser_accept(parser, TOKEN_NOT);
	if (pattern_parser_accept(parser, TOKEN_EXISTS)) {
		comparison->comparison_operator = PATTERN_EXISTS;
		comparison->is_negated = is_negated;
		error = parse_path(parser, comparison);
	} else if (is_negated) {
		error = pattern_parser_refuse(parser,
		                              "NOT stands before the operator, or before EXISTS");
	} else {
		error = parse_path(parser, comparison);
		if (error == 0)
			error = parse_operation(parser, comparison);
		if (error == 0 && !hashes_are_well_formed(comparison)) {
			parser->error->message = "a hash of the wrong length or form";
			parser->error->offset = offset;
			error = -EINVAL;
		}
	}
	if (error == 0)
		*ret_node = node;
	return error;
}
