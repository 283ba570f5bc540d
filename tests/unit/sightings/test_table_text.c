#include "tests/unit/unit_test.h"

#include "sightings/table_layout.h"
#include "sightings/table_text.h"

static void expect(const char *text, const char *expected)
{
	struct buffer to = {0};

	table_text_append(&to, slice_text(text));
	buffer_append_byte(&to, '\0');
	assert_string_equal((const char *)to.data, expected);
	buffer_close(&to);
}

static void expect_fit(const char *text, size_t width, const char *expected)
{
	struct buffer to = {0};

	table_text_fit(&to, slice_text(text), width);
	assert_int_equal(table_text_width(buffer_slice(&to)), width);
	buffer_append_byte(&to, '\0');
	assert_string_equal((const char *)to.data, expected);
	buffer_close(&to);
}

static void values_are_defanged_and_sentences_are_not(void **state)
{
	(void)state;
	expect("bad.example", "bad[.]example");
	expect("http://bad.example/x.y", "hxxp://bad[.]example/x.y");
	expect("198.51.100.0/24", "198[.]51[.]100[.]0/24");
	expect("Emotet v1.2 seen at bad.example. Beware.",
	       "Emotet v1.2 seen at bad[.]example[.] Beware.");
}

static void what_is_defanged_already_stays_so(void **state)
{
	(void)state;
	expect("203.0.113[.]1", "203[.]0[.]113[.]1");
	expect("hxxp://files.bad[.]example/x", "hxxp://files[.]bad[.]example/x");
}

static void nothing_reaches_the_terminal_that_it_would_obey(void **state)
{
	(void)state;
	expect("a\x1b[31mb\x07\x7f\r\n", "a?[31mb????");
	expect("\xc2\x9b"
	       "31m",
	       "?31m"); // CSI as one character
	expect("a\xe2\x80\xae"
	       "b\xe2\x81\xa6",
	       "a?b?"); // right-to-left override, isolate
	expect("a\xe2\x80\x8b\xef\xbb\xbf"
	       "b",
	       "a??b"); // zero width
	expect("\xff\xc0\xaf", "???");
}

static void other_scripts_are_kept(void **state)
{
	(void)state;
	expect("\xe9\x96\xa2\xe6\x89\x80", "\xe9\x96\xa2\xe6\x89\x80");
	assert_int_equal(table_text_width(slice_text("\xe9\x96\xa2\xe6\x89\x80")), 4);
	assert_int_equal(table_text_width(slice_text("e\xcc\x81")), 1);
}

static void text_takes_the_columns_it_is_given(void **state)
{
	(void)state;
	expect_fit("abc", 5, "abc  ");
	expect_fit("abcdefghij", 10, "abcdefghij");
	expect_fit("abcdefghij", 8, "abc..hij");
	expect_fit("abcdefghij", 2, "ab");
	expect_fit("", 3, "   ");
	expect_fit("hxxp://bad[.]example/long", 14, "hxxp://ba..ong");
}

static void a_wide_character_is_not_halved(void **state)
{
	(void)state;
	expect_fit("\xe9\x96\xa2\xe6\x89\x80\xe9\x96\xa2\xe6\x89\x80", 7,
	           "\xe9\x96\xa2..\xe6\x89\x80 ");
	for (size_t width = 3; width < 20; width++) {
		struct buffer to = {0};

		table_text_fit(&to,
		               slice_text("a\xe9\x96\xa2"
		                          "b\xe6\x89\x80\xe9\x96\xa2\xe6\x89\x80"
		                          "c"),
		               width);
		assert_int_equal(table_text_width(buffer_slice(&to)), width);
		buffer_close(&to);
	}
}

static size_t total(const struct table_layout *layout)
{
	size_t sum = 0;

	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		if (layout->widths[i] > 0)
			sum += layout->widths[i] + (sum > 0 ? TABLE_GAP : 0);
	return sum;
}

static void a_table_fits_its_terminal(void **state)
{
	(void)state;
	for (size_t width = 70; width < 300; width++) {
		struct table_layout layout = {{19, 4, 60, 18, 14, 19, 50, 30, 20, 12, 40}};

		table_layout_fit(&layout, width);
		assert_true(total(&layout) <= width);
		assert_true(layout.widths[COLUMN_OBSERVABLE] >= 16);
		assert_true(layout.widths[COLUMN_SOURCE] > 0);
	}
}

static void a_table_without_bound_has_what_it_wants(void **state)
{
	struct table_layout layout = {{19, 4, 6000, 18, 14, 19, 50, 30, 20, 12, 40}};

	(void)state;
	table_layout_fit(&layout, 0);
	assert_int_equal(layout.widths[COLUMN_OBSERVABLE], 6000);
	assert_int_equal(layout.widths[COLUMN_THREAT], 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_defanged_and_sentences_are_not),
		cmocka_unit_test(what_is_defanged_already_stays_so),
		cmocka_unit_test(nothing_reaches_the_terminal_that_it_would_obey),
		cmocka_unit_test(other_scripts_are_kept),
		cmocka_unit_test(text_takes_the_columns_it_is_given),
		cmocka_unit_test(a_wide_character_is_not_halved),
		cmocka_unit_test(a_table_fits_its_terminal),
		cmocka_unit_test(a_table_without_bound_has_what_it_wants),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
