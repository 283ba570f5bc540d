#include "app/time_argument.h"

#include <errno.h>

#include "base/timestamp.h"
#include "tests/unit/unit_test.h"

// 2026-11-21T12:00:00Z
static const int64_t now_ns = INT64_C(1795262400) * NS_PER_S;

static void an_age_is_counted_back_from_now(void **state)
{
	int64_t time_ns;
	(void)state;

	assert_int_equal(time_argument_parse("90s", now_ns, &time_ns), 0);
	assert_int_equal(time_ns, now_ns - 90 * NS_PER_S);
	assert_int_equal(time_argument_parse("12h", now_ns, &time_ns), 0);
	assert_int_equal(time_ns, now_ns - 12 * 3600 * NS_PER_S);
	assert_int_equal(time_argument_parse("2w", now_ns, &time_ns), 0);
	assert_int_equal(time_ns, now_ns - 14 * 86400 * NS_PER_S);
}

static void a_date_is_its_first_instant(void **state)
{
	int64_t time_ns;
	(void)state;

	assert_int_equal(time_argument_parse("2026-11-21", now_ns, &time_ns), 0);
	assert_int_equal(time_ns, now_ns - 12 * 3600 * NS_PER_S);
}

static void a_time_is_taken_as_rfc_3339_has_it(void **state)
{
	int64_t time_ns;
	(void)state;

	assert_int_equal(time_argument_parse("2026-11-21T11:59:59Z", now_ns, &time_ns), 0);
	assert_int_equal(time_ns, now_ns - NS_PER_S);
}

static void what_is_no_time_is_refused_and_leaves_the_result_alone(void **state)
{
	static const char *const texts[] = {"",    "7",    "d",           "7y",         "-7d",
	                                    "7d ", "7 d",  "9999999999d", "2026-13-01", "yesterday",
	                                    "7dd", "0x7d", "2026-11-2"};
	int64_t time_ns = 42;
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_int_equal(time_argument_parse(texts[i], now_ns, &time_ns), -EINVAL);
		assert_int_equal(time_ns, 42);
	}
}

static void an_age_before_time_began_is_refused(void **state)
{
	int64_t time_ns = 42;
	(void)state;

	assert_int_equal(time_argument_parse("999999999w", now_ns, &time_ns), -EINVAL);
	assert_int_equal(time_ns, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_age_is_counted_back_from_now),
		cmocka_unit_test(a_date_is_its_first_instant),
		cmocka_unit_test(a_time_is_taken_as_rfc_3339_has_it),
		cmocka_unit_test(what_is_no_time_is_refused_and_leaves_the_result_alone),
		cmocka_unit_test(an_age_before_time_began_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
