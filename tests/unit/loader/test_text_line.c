#include "loader/text_line.h"

#include "tests/unit/unit_test.h"

static void assert_value(const char *line, const char *expected)
{
	struct slice value = text_line_value(slice_text(line));

	if (!slice_is(value, expected))
		fail_msg("%s: \"%.*s\"", line, SLICE_FORMAT(value));
}

static void comments_hold_no_value(void **state)
{
	static const char *const comments[] = {"",      "   ",  "# a.example", "; a.example",
	                                       "// x",  "! x",  "\r",          "[Adblock Plus 2.0]",
	                                       "#\xff", "\t#x", "//a.example/"};

	(void)state;
	for (size_t i = 0; i < sizeof(comments) / sizeof(comments[0]); i++)
		assert_value(comments[i], "");
}

static void a_value_loses_what_stands_around_it(void **state)
{
	(void)state;
	assert_value("  a.example \r", "a.example");
	assert_value("a.example # comment", "a.example");
	assert_value("a.example\tsecond column", "a.example");
	assert_value("a.example;x", "a.example");
	assert_value("198.51.100.1,x", "198.51.100.1");
	assert_value("\"a.example\"", "a.example");
	assert_value("'a.example'", "a.example");
	assert_value("\"a.example", "\"a.example");
	assert_value("[2001:db8::1]:443", "[2001:db8::1]:443");
	assert_value("http://a.example/x,y;z#f", "http://a.example/x,y;z#f");
	assert_value("http://a.example/x,", "http://a.example/x");
}

static void a_range_with_spaces_is_one_value(void **state)
{
	(void)state;
	assert_value("198.51.100.1 - 198.51.100.9 # x", "198.51.100.1 - 198.51.100.9");
	assert_value("198.51.100.1-198.51.100.9", "198.51.100.1-198.51.100.9");
	assert_value("198.51.100.1 -", "198.51.100.1");
	assert_value("198.51.100.1 -- x", "198.51.100.1");
}

static void the_syntax_of_other_programs_is_undone(void **state)
{
	(void)state;
	assert_value("||a.example^", "a.example");
	assert_value("||a.example^$third-party", "a.example");
	assert_value("||a.example^x", "||a.example^x");
	assert_value("||a.example/path", "a.example/path");
	assert_value("address=/a.example/0.0.0.0", "a.example");
	assert_value("server=/a.example/", "a.example");
	assert_value("local=/a.example/", "a.example");
	assert_value("address=/a.example", "a.example");
}

static void the_form_says_whether_it_may_be_a_value(void **state)
{
	static const char *const values[] = {"a.example",
	                                     "*.a.example",
	                                     ".a.example",
	                                     "198.51.100.1",
	                                     "198.51.100.0/24",
	                                     "hxxp://a[.]example/",
	                                     "a@b.example",
	                                     "198.51.100.1-198.51.100.2",
	                                     "44d88612fea8a8f36de82e1278abb02f"};
	static const char *const others[] = {"word",    "{", "\"a\":", "", "198.51.100.1/99",
	                                     "http://x"};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		if (!text_line_looks_like_value(slice_text(values[i])))
			fail_msg("%s", values[i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (text_line_looks_like_value(slice_text(others[i])))
			fail_msg("%s", others[i]);
}

static void words_are_taken_one_by_one(void **state)
{
	struct slice line = slice_text("  one\ttwo \r");

	(void)state;
	assert_true(slice_is(text_line_word(&line), "one"));
	assert_true(slice_is(text_line_word(&line), "two"));
	assert_int_equal(text_line_word(&line).size, 0);
	assert_int_equal(line.size, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comments_hold_no_value),
		cmocka_unit_test(a_value_loses_what_stands_around_it),
		cmocka_unit_test(a_range_with_spaces_is_one_value),
		cmocka_unit_test(the_syntax_of_other_programs_is_undone),
		cmocka_unit_test(the_form_says_whether_it_may_be_a_value),
		cmocka_unit_test(words_are_taken_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
