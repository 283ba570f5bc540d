#include "loader/csv_field.h"

#include "base/timestamp.h"
#include "tests/unit/unit_test.h"

static void assert_time(const char *field, const char *expected)
{
	char text[TIMESTAMP_TEXT_BYTES];
	int64_t time_ns;

	if (!csv_field_time(slice_text(field), &time_ns))
		fail_msg("%s", field);
	timestamp_format(time_ns, 3, text);
	assert_string_equal(text, expected);
}

static void times_are_read_in_the_forms_that_lists_use(void **state)
{
	(void)state;
	assert_time("2024-09-01", "2024-09-01T00:00:00.000Z");
	assert_time("2022-05-12 00:03:34", "2022-05-12T00:03:34.000Z");
	assert_time("2022-05-12 00:03:34 UTC", "2022-05-12T00:03:34.000Z");
	assert_time("2022-05-12T00:03:34Z", "2022-05-12T00:03:34.000Z");
	assert_time("2022-05-12T00:03:34.5+01:00", "2022-05-11T23:03:34.500Z");
	assert_time("1725148800", "2024-09-01T00:00:00.000Z");
	assert_time("999999999", "2001-09-09T01:46:39.000Z");
	assert_time("9223372036", "2262-04-11T23:47:16.000Z");
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const refused[] = {
		"",           "yesterday",  "2024",       "12345678",       "12345678901",
		"2024-13-01", "2024-02-30", "01/02/2024", "2024-09-01T25:", "2024-09-01 x",
		"UTC",        "Z",          "9999999999", "9223372037",
	};
	int64_t time_ns = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (csv_field_time(slice_text(refused[i]), &time_ns))
			fail_msg("%s", refused[i]);
	assert_int_equal(time_ns, 7);
}

static void confidence_is_a_number_or_a_word(void **state)
{
	uint8_t confidence = 0;

	(void)state;
	assert_true(csv_field_confidence(slice_text("0"), &confidence));
	assert_int_equal(confidence, 0);
	assert_true(csv_field_confidence(slice_text("100"), &confidence));
	assert_int_equal(confidence, 100);
	assert_true(csv_field_confidence(slice_text("Medium"), &confidence));
	assert_int_equal(confidence, 50);
	assert_false(csv_field_confidence(slice_text("101"), &confidence));
	assert_false(csv_field_confidence(slice_text("50%"), &confidence));
	assert_false(csv_field_confidence(slice_text("-1"), &confidence));
	assert_false(csv_field_confidence(slice_text(""), &confidence));
}

static void markings_of_both_versions_are_known(void **state)
{
	enum tlp tlp = TLP_NONE;

	(void)state;
	assert_true(csv_field_tlp(slice_text("tlp:white"), &tlp));
	assert_int_equal(tlp, TLP_CLEAR);
	assert_true(csv_field_tlp(slice_text("TLP: Amber+Strict"), &tlp));
	assert_int_equal(tlp, TLP_AMBER_STRICT);
	assert_true(csv_field_tlp(slice_text("RED"), &tlp));
	assert_int_equal(tlp, TLP_RED);
	assert_false(csv_field_tlp(slice_text("none"), &tlp));
	assert_false(csv_field_tlp(slice_text("purple"), &tlp));
	assert_false(csv_field_tlp(slice_text("tlp:"), &tlp));
	assert_int_equal(tlp, TLP_RED);
}

static void a_number_is_all_digits_and_no_more_than_its_bound(void **state)
{
	unsigned number = 7;

	(void)state;
	assert_false(csv_field_number(slice_text(""), 60, &number));
	assert_false(csv_field_number(slice_text("6a"), 60, &number));
	assert_false(csv_field_number(slice_text("-1"), 60, &number));
	assert_false(csv_field_number(slice_text("61"), 60, &number));
	assert_false(csv_field_number(slice_text("4294967296"), 60, &number)); // 2^32
	assert_int_equal(number, 7);
	assert_true(csv_field_number(slice_text("060"), 60, &number));
	assert_int_equal(number, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_is_all_digits_and_no_more_than_its_bound),
		cmocka_unit_test(times_are_read_in_the_forms_that_lists_use),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(confidence_is_a_number_or_a_word),
		cmocka_unit_test(markings_of_both_versions_are_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
