#include "tests/unit/unit_test.h"

#include <errno.h>

#include "base/timestamp.h"

static void rfc3339_times_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t time_ns;
	} cases[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2016-01-20T12:31:12.123Z", 1453293072123000000},
		{"2016-01-20t12:31:12.123456789z", 1453293072123456789},
		{"2016-01-20T12:31:12.1234567899Z", 1453293072123456789},
		{"2016-01-20T21:31:12+09:00", 1453293072000000000},
		{"2016-02-29T00:00:00Z", 1456704000000000000},
		{"1969-12-31T23:59:59.5Z", -500000000},
		{"0001-01-01T00:00:00Z", TIMESTAMP_MIN},
		{"9999-12-31T23:59:59Z", TIMESTAMP_MAX},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t time_ns = 7;

		assert_int_equal(timestamp_parse(slice_text(cases[i].text), &time_ns), 0);
		assert_true(time_ns == cases[i].time_ns);
	}
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"2016",
		"2016-01-20",
		"2016-01-20T12:31:12",
		"2016-13-20T12:31:12Z",
		"2015-02-29T12:31:12Z",
		"2016-01-20T24:31:12Z",
		"2016-01-20T12:61:12Z",
		"2016-01-20 12:31:12Z",
		"2016-01-20T12:31:12Zx",
		"2016-01-20T12:31:12+9:00",
		"2016-01-20T12:31:12+25:00",
		"-016-01-20T12:31:12Z",
	};
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int64_t time_ns = 7;

		assert_int_equal(timestamp_parse(slice_text(texts[i]), &time_ns), -EINVAL);
		assert_int_equal(time_ns, 7);
	}
}

static void times_are_written_with_the_digits_asked(void **state)
{
	char text[TIMESTAMP_TEXT_BYTES];
	(void)state;

	timestamp_format(1453293072123456789, 6, text);
	assert_string_equal(text, "2016-01-20T12:31:12.123456Z");
	timestamp_format(1453293072123456789, 0, text);
	assert_string_equal(text, "2016-01-20T12:31:12Z");
	timestamp_format(-1, 9, text);
	assert_string_equal(text, "1969-12-31T23:59:59.999999999Z");
}

static void every_day_follows_the_one_before(void **state)
{
	const int64_t day_ns = 24 * 3600 * NS_PER_S;
	const int64_t days = 287 * 365; // before and after 1970
	(void)state;

	for (int64_t day = -days; day < days; day++) {
		char text[TIMESTAMP_TEXT_BYTES];
		int64_t parsed_ns;

		timestamp_format(day * day_ns, 0, text);
		assert_int_equal(timestamp_parse(slice_text(text), &parsed_ns), 0);
		assert_true(parsed_ns == day * day_ns);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rfc3339_times_are_read),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(times_are_written_with_the_digits_asked),
		cmocka_unit_test(every_day_follows_the_one_before),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
