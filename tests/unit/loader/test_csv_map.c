#include "tests/unit/loader/feed_fixture.h"

#include <errno.h>

#include "loader/csv_map.h"

// What is wrong with a map, and where; "" when nothing is.
static void assert_wrong(const char *text, const char *wrong, const char *where)
{
	struct csv_map map;
	const char *found = "";
	struct slice at = slice_text("");

	if (csv_map_parse(slice_text(text), &map, &found, &at))
		found = "";
	assert_string_equal(found, wrong);
	assert_true(wrong[0] == '\0' || slice_is(at, where));
}

static void mistakes_in_a_map_are_told(void **state)
{
	(void)state;
	assert_wrong("value=2,type=1,skip=1,separator=;", "", "");
	assert_wrong("value=ioc, confidence = 3 ,separator=,,tlp=4", "", "");
	assert_wrong("range-first=1,range-last=2", "", "");
	assert_wrong("value", "an entry is a meaning, '=' and a column", "value");
	assert_wrong("value=1,colour=2", "not something that a column can mean", "colour=2");
	assert_wrong("value=0", "columns are numbered from 1 to 64", "value=0");
	assert_wrong("value=65", "columns are numbered from 1 to 64", "value=65");
	assert_wrong("value=", "no column behind '='", "value=");
	assert_wrong("value=1,skip=x", "skip takes a number of lines, at most 1000", "skip=x");
	assert_wrong("value=1,separator=ab",
	             "a separator is one byte, or comma, semicolon, tab, pipe, space",
	             "separator=ab");
	assert_wrong("type=1", "no column of values: value, ip, domain, url, hash, or a range",
	             "type=1");
	assert_wrong("", "no column of values: value, ip, domain, url, hash, or a range", "");
}

static bool find_columns(const char *text, const char *head, struct csv_columns *ret_columns,
                         size_t *ret_data, const char **ret_wrong)
{
	struct csv_map map;
	struct slice where;

	assert_true(csv_map_parse(slice_text(text), &map, ret_wrong, &where));
	return csv_map_columns(&map, slice_text(head), ret_columns, ret_data, ret_wrong, &where);
}

static void columns_are_found_by_number_and_by_name(void **state)
{
	struct csv_columns columns;
	const char *wrong;
	size_t data;

	(void)state;
	assert_true(find_columns("value=2,type=1,skip=2", "x\ny\nip;198.51.100.1\n", &columns,
	                         &data, &wrong));
	assert_int_equal(data, 4);
	assert_int_equal(columns.separator, ';');
	assert_int_equal(columns.roles[0], CSV_TYPE);
	assert_int_equal(columns.roles[1], CSV_VALUE);
	assert_true(find_columns("value=Odd Name,type=2", "#odd name|kind\na|b\n", &columns, &data,
	                         &wrong));
	assert_int_equal(data, 15);
	assert_int_equal(columns.roles[0], CSV_VALUE);
	assert_false(find_columns("value=none", "a,b\n", &columns, &data, &wrong));
	assert_string_equal(wrong, "no column of that name in the header");
	assert_false(find_columns("value=1,type=1", "a,b\n", &columns, &data, &wrong));
	assert_string_equal(wrong, "a column that means two things");
}

static void operations_are_applied_in_their_order(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(
		slice_text("operation,value,timestamp\n"
	                   "add,a.example.com,2024-01-01\n+,b.example.com,2024-01-01\n"
	                   "create,198.51.100.1,2024-01-02\nadd,c.example.com,2024-01-02\n"
	                   "del,A.example.com,2024-01-03\n-,198.51.100.1,2024-01-03\n"
	                   "delete,never.example.com,2024-01-03\nwhatever,d.example.com,\n"
	                   "del,b.example.com,2024-01-04\nadd,b.example.com,2024-01-05\n"),
		FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.format, FEED_CSV);
	assert_int_equal(fixture.summary.objects, 10);
	assert_int_equal(fixture.summary.removed, 3);
	assert_int_equal(fixture.summary.indicators, 5);
	assert_int_equal(feed_fixture_problems(&fixture, "removal of what is not listed"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "operation not known"), 1);
	assert_false(feed_fixture_has(&fixture, "a.example.com"));
	assert_false(feed_fixture_has(&fixture, "198.51.100.1"));
	assert_true(feed_fixture_has(&fixture, "b.example.com"));
	assert_true(feed_fixture_has(&fixture, "c.example.com"));
	feed_fixture_close(&fixture);
}

static void words_of_operations_are_known(void **state)
{
	(void)state;
	assert_int_equal(csv_operation_by_name(slice_text("ADD")), CSV_ADD);
	assert_int_equal(csv_operation_by_name(slice_text("+")), CSV_ADD);
	assert_int_equal(csv_operation_by_name(slice_text("Delete")), CSV_REMOVE);
	assert_int_equal(csv_operation_by_name(slice_text("-")), CSV_REMOVE);
	assert_int_equal(csv_operation_by_name(slice_text("")), CSV_OPERATION_UNKNOWN);
	assert_int_equal(csv_operation_by_name(slice_text("delta")), CSV_OPERATION_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_in_a_map_are_told),
		cmocka_unit_test(columns_are_found_by_number_and_by_name),
		cmocka_unit_test(operations_are_applied_in_their_order),
		cmocka_unit_test(words_of_operations_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
