#include "tests/unit/unit_test.h"

#include <errno.h>
#include <stdlib.h>

#include "loader/pattern.h"

static struct arena arena;

static int parse(const char *text, struct pattern_node **ret_root)
{
	struct pattern_error error;

	return pattern_parse(slice_text(text), &arena, ret_root, &error);
}

static struct pattern_node *parsed(const char *text)
{
	struct pattern_node *root;

	assert_int_equal(parse(text, &root), 0);
	return root;
}

static int close_arena(void **state)
{
	(void)state;
	arena_close(&arena);
	return 0;
}

static unsigned count(const struct pattern_node *node)
{
	unsigned children = 0;

	for (const struct pattern_node *child = node->children; child; child = child->next)
		children++;
	return children;
}

static void operators_bind_as_the_specification_says(void **state)
{
	struct pattern_node *root = parsed("[a:b=1] AND [a:b=2] OR [a:b=3] FOLLOWEDBY [a:b=4]");

	(void)state;
	assert_int_equal(root->kind, PATTERN_FOLLOWEDBY);
	assert_int_equal(root->children->kind, PATTERN_OBSERVATION_OR);
	assert_int_equal(root->children->children->kind, PATTERN_OBSERVATION_AND);
	assert_int_equal(root->children->next->kind, PATTERN_OBSERVATION);

	root = parsed("[a:b=1 OR a:b=2 AND (a:b=3 OR a:b=4)]")->children;
	assert_int_equal(root->kind, PATTERN_COMPARISON_OR);
	assert_int_equal(root->children->next->kind, PATTERN_COMPARISON_AND);
	assert_int_equal(root->children->next->children->next->kind, PATTERN_COMPARISON_OR);
}

static void a_run_of_one_operator_is_one_node(void **state)
{
	(void)state;
	assert_int_equal(count(parsed("[a:b=1] OR [a:b=2] OR [a:b=3]")), 3);
	assert_int_equal(count(parsed("[a:b=1 AND a:b=2 AND a:b=3]")->children), 3);
}

static void paths_and_literals_lose_their_quotes_and_escapes(void **state)
{
	struct pattern_comparison *comparison =
		parsed("[file:extensions.'it\\'s-ext'[*].x[3] NOT LIKE 'C:\\\\a\\'b']")
			->children->comparison;
	struct pattern_step *step = comparison->path;

	(void)state;
	assert_true(slice_is(comparison->object_type, "file"));
	assert_true(comparison->is_negated);
	assert_int_equal(comparison->comparison_operator, PATTERN_IS_LIKE);
	assert_true(slice_is(comparison->literals->text, "C:\\a'b"));
	assert_true(slice_is(step->text, "extensions"));
	step = step->next;
	assert_true(slice_is(step->text, "it's-ext"));
	step = step->next;
	assert_int_equal(step->kind, PATTERN_ANY_INDEX);
	step = step->next->next;
	assert_int_equal(step->kind, PATTERN_INDEX);
	assert_true(slice_is(step->text, "3"));
	assert_null(step->next);
}

static void literals_have_their_kind(void **state)
{
	static const enum pattern_literal_kind kinds[] = {
		PATTERN_INTEGER, PATTERN_FLOAT,  PATTERN_BOOLEAN,   PATTERN_HEX,
		PATTERN_BINARY,  PATTERN_STRING, PATTERN_TIMESTAMP,
	};
	struct pattern_literal *literal =
		parsed("[a:b IN (-1, +.5, true, h'00fF', b'YQ==', 'x', t'2020-01-01T00:00:00Z')]")
			->children->comparison->literals;

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++, literal = literal->next)
		assert_int_equal(literal->kind, kinds[i]);
	assert_null(literal);
}

static void qualifiers_stay_with_their_observation(void **state)
{
	struct pattern_node *root =
		parsed("([a:b=1] REPEATS 2 TIMES OR [a:b=2]) WITHIN 1.5 SECONDS WITHIN 2 SECONDS");

	(void)state;
	assert_int_equal(root->kind, PATTERN_OBSERVATION_OR);
	assert_true(slice_is(root->qualifiers->value, "1.5"));
	assert_true(slice_is(root->qualifiers->next->value, "2"));
	assert_int_equal(root->children->qualifiers->kind, PATTERN_REPEATS);
	assert_null(root->children->next->qualifiers);
}

static void comments_and_wide_spaces_are_passed_over(void **state)
{
	(void)state;
	parsed("[a:b /* x ] */ =\xc2\xa0"
	       "1] // the end");
	parsed("[a:b\xe2\x80\x83= 1]\r\n");
}

static void what_the_grammar_refuses_is_refused(void **state)
{
	static const char *const patterns[] = {
		"",
		"[]",
		"a:b = 1",
		"[a:b = 1",
		"[a:b = 1]]",
		"[a:b = 'x]",
		"[a:b = 'a\\n']",
		"[a:b-c = 1]",
		"[a:b = 01]",
		"[a:b = TRUE]",
		"[a:b > true]",
		"[a:b IN (1,)]",
		"[a:b LIKE 1]",
		"[NOT a:b = 1]",
		"[AND:b = 1]",
		"[a:b = h'abc']",
		"[a:b = b'YQ=']",
		"[a:b = t'2020-13-01T00:00:00Z']",
		"[a:b = t'2020-01-01T00:00:00']",
		"[a:b = 1] REPEATS 1.5 TIMES",
		"[a:b = 1] WITHIN -1 SECONDS",
		"[a:b = 1] WITHIN 5 SECONDS WITHIN 5 SECONDS",
		"[a:b = 1] START '2020-01-01T00:00:00Z' STOP '2021-01-01T00:00:00Z'",
		"[file:hashes.MD5 = 'abc']",
		"[a:b = 1] /* not closed",
		"[a:b = '\xff']",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++) {
		struct pattern_node *root = (void *)0x1;

		if (parse(patterns[i], &root) != -EINVAL)
			fail_msg("taken: %s", patterns[i]);
		assert_ptr_equal(root, (void *)0x1);
	}
}

static void depth_and_size_are_bounded(void **state)
{
	enum { SIZE = PATTERN_BYTES_MAX + 1 };
	char *text = malloc(SIZE);
	struct pattern_node *root;
	struct pattern_error error;

	(void)state;
	assert_non_null(text);
	memset(text, '(', SIZE);
	assert_int_equal(pattern_parse(slice_of(text, SIZE - 1), &arena, &root, &error), -EINVAL);
	assert_string_equal(error.message, "nested too deeply");
	assert_int_equal(error.offset, PATTERN_DEPTH_MAX);
	assert_int_equal(pattern_parse(slice_of(text, SIZE), &arena, &root, &error), -EINVAL);
	assert_string_equal(error.message, "longer than 1 MB");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(operators_bind_as_the_specification_says),
		cmocka_unit_test(a_run_of_one_operator_is_one_node),
		cmocka_unit_test(paths_and_literals_lose_their_quotes_and_escapes),
		cmocka_unit_test(literals_have_their_kind),
		cmocka_unit_test(qualifiers_stay_with_their_observation),
		cmocka_unit_test(comments_and_wide_spaces_are_passed_over),
		cmocka_unit_test(what_the_grammar_refuses_is_refused),
		cmocka_unit_test(depth_and_size_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, close_arena);
}
