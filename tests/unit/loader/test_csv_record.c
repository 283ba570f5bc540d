#include "tests/unit/unit_test.h"

#include "loader/csv_record.h"

static struct csv_record record;

static size_t parse(const char *text)
{
	return csv_record_parse(slice_text(text), ',', &record);
}

static void assert_field(unsigned i, const char *expected)
{
	assert_true(i < record.field_count);
	assert_true(slice_is(record.fields[i], expected));
}

static void fields_are_parted_trimmed_and_unquoted(void **state)
{
	(void)state;
	assert_int_equal(parse("a, b ,\"c,\"\"d\"\"\",,\"\"\r\nnext"), 21);
	assert_int_equal(record.field_count, 5);
	assert_field(0, "a");
	assert_field(1, "b");
	assert_field(2, "c,\"d\"");
	assert_field(3, "");
	assert_field(4, "");
	assert_int_equal(record.line_count, 1);
}

static void a_quoted_field_may_hold_line_ends(void **state)
{
	(void)state;
	assert_int_equal(parse("\"a\nb\",c\nnext"), 8);
	assert_field(0, "a\nb");
	assert_field(1, "c");
	assert_int_equal(record.line_count, 2);
	assert_false(record.has_stray_quote);
}

static void a_quote_that_is_never_closed_means_nothing(void **state)
{
	(void)state;
	assert_int_equal(parse("\"a,b\nc,d\n"), 5);
	assert_true(record.has_stray_quote);
	assert_field(0, "a");
	assert_field(1, "b");
	assert_int_equal(record.line_count, 1);
}

static void the_last_line_needs_no_end(void **state)
{
	(void)state;
	assert_int_equal(parse("a,"), 2);
	assert_int_equal(record.field_count, 2);
	assert_int_equal(parse("a"), 1);
	assert_int_equal(parse("\n"), 1);
	assert_int_equal(record.field_count, 1);
	assert_int_equal(parse(""), 0);
}

static void too_many_fields_are_left_out(void **state)
{
	char text[2 * CSV_FIELDS_MAX + 10];

	(void)state;
	memset(text, ',', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(parse(text), sizeof(text) - 1);
	assert_int_equal(record.field_count, CSV_FIELDS_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_parted_trimmed_and_unquoted),
		cmocka_unit_test(a_quoted_field_may_hold_line_ends),
		cmocka_unit_test(a_quote_that_is_never_closed_means_nothing),
		cmocka_unit_test(the_last_line_needs_no_end),
		cmocka_unit_test(too_many_fields_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
