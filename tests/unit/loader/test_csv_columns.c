#include "loader/csv_columns.h"

#include "tests/unit/unit_test.h"

static bool header(const char *line, struct csv_columns *columns)
{
	return csv_columns_from_header(slice_text(line), columns);
}

static void words_are_compared_without_case_and_signs(void **state)
{
	(void)state;
	assert_int_equal(csv_role_by_name(slice_text("IOC_Value")), CSV_VALUE);
	assert_int_equal(csv_role_by_name(slice_text(" ip-address ")), CSV_ADDRESS);
	assert_int_equal(csv_role_by_name(slice_text("SHA256 Hash")), CSV_HASH);
	assert_int_equal(csv_role_by_name(slice_text("First Seen (UTC)")), CSV_CREATED);
	assert_int_equal(csv_role_by_name(slice_text("nothing known")), CSV_IGNORED);
	assert_int_equal(csv_role_by_name(slice_text("")), CSV_IGNORED);
	assert_true(csv_type_by_name(slice_text("IP:port")).is_known);
	assert_non_null(csv_type_by_name(slice_text("mutex")).reason);
	assert_false(csv_type_by_name(slice_text("strange")).is_known);
}

static void a_header_gives_separator_and_roles(void **state)
{
	struct csv_columns columns;

	(void)state;
	assert_true(header("# \"date\";\"ip\";\"port\"", &columns));
	assert_int_equal(columns.separator, ';');
	assert_int_equal(columns.column_count, 3);
	assert_int_equal(columns.roles[0], CSV_CREATED);
	assert_int_equal(columns.roles[1], CSV_ADDRESS);
	assert_int_equal(columns.roles[2], CSV_PORT);
	assert_false(columns.is_by_content);
}

static void beside_a_value_the_other_kinds_are_context(void **state)
{
	struct csv_columns columns;

	(void)state;
	assert_true(header("value,url,ip,value,start,end", &columns));
	assert_int_equal(columns.roles[0], CSV_VALUE);
	for (unsigned i = 1; i < 6; i++)
		assert_int_equal(columns.roles[i], CSV_IGNORED);
	assert_true(header("ip,domain", &columns));
	assert_int_equal(columns.roles[0], CSV_ADDRESS);
	assert_int_equal(columns.roles[1], CSV_NAME);
}

static void first_and_last_are_a_range_only_together(void **state)
{
	struct csv_columns columns;

	(void)state;
	assert_true(header("Start\tEnd\tNetmask", &columns));
	assert_int_equal(columns.roles[0], CSV_RANGE_FIRST);
	assert_int_equal(columns.roles[1], CSV_RANGE_LAST);
	assert_false(header("start,name", &columns));
	assert_true(header("start,end,domain", &columns));
	assert_int_equal(columns.roles[0], CSV_IGNORED);
}

static void a_row_of_data_is_no_header(void **state)
{
	struct csv_columns columns = {.column_count = 77};

	(void)state;
	assert_false(header("198.51.100.1,ip", &columns));
	assert_false(header("2024-01-01,url", &columns));
	assert_false(header("http://a.example/,url", &columns));
	assert_false(header("198.51.100.1-198.51.100.9,ip", &columns));
	assert_false(header("domain", &columns));
	assert_false(header("name,count", &columns));
	assert_false(header("", &columns));
	assert_int_equal(columns.column_count, 77);
}

static void without_a_header_types_and_values_must_agree(void **state)
{
	struct csv_columns columns;

	(void)state;
	assert_true(csv_columns_from_content(
		slice_text("2024-01-01,user,a.example,domain,#x\n"
	                   "2024-01-02,user,198.51.100.1,ip,\n# comment\n"),
		&columns));
	assert_true(columns.is_by_content);
	assert_int_equal(columns.roles[0], CSV_CREATED);
	assert_int_equal(columns.roles[1], CSV_IGNORED);
	assert_int_equal(columns.roles[2], CSV_VALUE);
	assert_int_equal(columns.roles[3], CSV_TYPE);
	assert_int_equal(columns.roles[4], CSV_LABEL);
	assert_false(csv_columns_from_content(slice_text("a.example,ip\n"), &columns));
	assert_false(
		csv_columns_from_content(slice_text("a.example,domain\nb.example\n"), &columns));
	assert_false(csv_columns_from_content(slice_text(""), &columns));
}

static void a_record_fits_when_it_has_as_many_columns(void **state)
{
	struct csv_columns columns;

	(void)state;
	assert_true(header("ip,date", &columns));
	assert_true(csv_columns_fit(&columns, slice_text("198.51.100.1,x\nmore")));
	assert_true(csv_columns_fit(&columns, slice_text("198.51.100.1,\"x,y\"")));
	assert_false(csv_columns_fit(&columns, slice_text("198.51.100.1")));
	assert_false(csv_columns_fit(&columns, slice_text("198.51.100.1,x,y")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_compared_without_case_and_signs),
		cmocka_unit_test(a_header_gives_separator_and_roles),
		cmocka_unit_test(beside_a_value_the_other_kinds_are_context),
		cmocka_unit_test(first_and_last_are_a_range_only_together),
		cmocka_unit_test(a_row_of_data_is_no_header),
		cmocka_unit_test(without_a_header_types_and_values_must_agree),
		cmocka_unit_test(a_record_fits_when_it_has_as_many_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
