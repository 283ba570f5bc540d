#include "tests/unit/unit_test.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "engine/pattern_like.h"

static enum like_result match(const char *pattern, const char *text)
{
	struct buffer translated = {0};

	assert_null(pattern_like_translate(OBSERVABLE_NAME, slice_text(pattern), &translated));
	enum like_result result = pattern_like_match(buffer_slice(&translated), slice_text(text));
	buffer_close(&translated);
	return result;
}

static void like_compares_the_whole_value(void **state)
{
	(void)state;
	assert_int_equal(match("evil", "evil"), LIKE_YES);
	assert_int_equal(match("evil", "evil.example"), LIKE_NO);
	assert_int_equal(match("%evil", "notevil"), LIKE_YES);
	assert_int_equal(match("evil%", "evil"), LIKE_YES);
	assert_int_equal(match("e%l%e", "evil.example"), LIKE_YES);
	assert_int_equal(match("e%l%x", "evil.example"), LIKE_NO);
	assert_int_equal(match("%a%%b%", "xaxbx"), LIKE_YES);
	assert_int_equal(match("a.c", "abc"), LIKE_NO);
	assert_int_equal(match("a[bc]", "ab"), LIKE_NO);
}

static void an_underscore_is_one_character(void **state)
{
	(void)state;
	assert_int_equal(match("e_il", "evil"), LIKE_YES);
	assert_int_equal(match("e_il", "eil"), LIKE_NO);
	assert_int_equal(match("b_cher", "b\xc3\xbc"
	                                 "cher"),
	                 LIKE_YES);
	assert_int_equal(match("b__cher", "b\xc3\xbc"
	                                  "cher"),
	                 LIKE_NO);
	assert_int_equal(match("b_x", "b\xffx"), LIKE_YES);
	assert_int_equal(match("%_x", "x"), LIKE_NO);
	assert_int_equal(match("x_", "x"), LIKE_NO);
}

static void assert_translated(enum observable_type type, const char *pattern, const char *expected)
{
	struct buffer translated = {0};

	assert_null(pattern_like_translate(type, slice_text(pattern), &translated));
	assert_true(slice_is(buffer_slice(&translated), expected));
	buffer_close(&translated);
}

static void what_normalisation_folds_is_folded(void **state)
{
	(void)state;
	assert_translated(OBSERVABLE_NAME, "EVIL%.Example", "evil\1.example");
	assert_translated(OBSERVABLE_URL, "HTTP://Evil.Example/Gate%",
	                  "http://evil.example/Gate\1");
	assert_translated(OBSERVABLE_URL, "HTTP://%.Example/X", "http://\1.Example/X");
	assert_translated(OBSERVABLE_URL, "%/A b{", "\1/A%20b%7B");
	assert_translated(OBSERVABLE_URL, "%\xc3\xbc%%_", "\1%C3%BC\1\2");
}

static void patterns_without_a_literal_are_refused(void **state)
{
	static const char *const patterns[] = {"", "%", "%%", "___", "%_%", "a\nb"};
	struct buffer translated = {0};
	(void)state;

	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		assert_non_null(pattern_like_translate(OBSERVABLE_NAME, slice_text(patterns[i]),
		                                       &translated));
	assert_int_equal(translated.size, 0);
	buffer_close(&translated);
}

static void what_would_take_too_long_is_given_up(void **state)
{
	struct buffer pattern = {0};
	struct buffer text = {0};
	(void)state;

	buffer_append_byte(&pattern, LIKE_ANY_RUN);
	for (unsigned i = 0; i < 4000; i++)
		buffer_append_byte(&pattern, 'a');
	buffer_append_byte(&pattern, 'b');
	for (unsigned i = 0; i < 8000; i++)
		buffer_append_byte(&text, 'a');
	assert_int_equal(pattern_like_match(buffer_slice(&pattern), buffer_slice(&text)),
	                 LIKE_GIVEN_UP);
	buffer_close(&pattern);
	buffer_close(&text);
}

// As the standard defines it, by trying everything.
static bool plain_match(struct slice pattern, struct slice text)
{
	if (pattern.size == 0)
		return text.size == 0;
	if (pattern.data[0] == LIKE_ANY_RUN)
		return plain_match(slice_from(pattern, 1), text) ||
		       (text.size > 0 && plain_match(pattern, slice_from(text, 1)));
	if (text.size == 0)
		return false;

	size_t size = utf8_sequence_size(text);
	if (pattern.data[0] == LIKE_ANY_CHARACTER)
		return plain_match(slice_from(pattern, 1), slice_from(text, size > 0 ? size : 1));
	return pattern.data[0] == text.data[0] &&
	       plain_match(slice_from(pattern, 1), slice_from(text, 1));
}

static void matching_equals_trying_everything(void **state)
{
	static const uint8_t letters[] = {'a', 'b', LIKE_ANY_RUN, LIKE_ANY_CHARACTER};
	unsigned yes = 0;
	(void)state;

	srandom(5);
	for (unsigned round = 0; round < 300000; round++) {
		uint8_t pattern[8];
		uint8_t text[10];
		size_t pattern_size = (size_t)random() % sizeof(pattern);
		size_t text_size = (size_t)random() % sizeof(text);

		for (size_t i = 0; i < pattern_size; i++)
			pattern[i] = letters[(size_t)random() % 4];
		for (size_t i = 0; i < text_size; i++)
			text[i] = letters[(size_t)random() % 2];
		struct slice p = slice_of(pattern, pattern_size);
		struct slice t = slice_of(text, text_size);
		bool expected = plain_match(p, t);
		yes += expected;
		assert_int_equal(pattern_like_match(p, t), expected ? LIKE_YES : LIKE_NO);
	}
	assert_true(yes > 10000);
}

static void the_rarest_eight_bytes_are_chosen(void **state)
{
	const struct slice patterns[] = {
		slice_text("http://\1/wp-content/plugins/\1/x1.php"),
		slice_text("http://\1/wp-content/plugins/\1/x2.php"),
		slice_text("\1/gateA.php?id=\1"),
		slice_text("\1/gateB.php?id=\1"),
		slice_text("http://www.\1/z.\1ab\1"),
		slice_text("\1q\1"),
	};
	struct slice literals[6];
	(void)state;

	assert_int_equal(pattern_like_choose_literals(patterns, 6, literals), 0);
	assert_true(slice_is(literals[0], "/x1.php"));
	assert_true(slice_is(literals[1], "/x2.php"));
	assert_true(slice_is(literals[2], "teA.php?"));
	assert_true(slice_is(literals[3], "teB.php?"));
	assert_true(slice_is(literals[4], "/z."));
	assert_true(slice_is(literals[5], "q"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(like_compares_the_whole_value),
		cmocka_unit_test(an_underscore_is_one_character),
		cmocka_unit_test(what_normalisation_folds_is_folded),
		cmocka_unit_test(patterns_without_a_literal_are_refused),
		cmocka_unit_test(what_would_take_too_long_is_given_up),
		cmocka_unit_test(matching_equals_trying_everything),
		cmocka_unit_test(the_rarest_eight_bytes_are_chosen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
