#include "loader/http_wait.h"

#include <errno.h>

#include "tests/unit/unit_test.h"

static void retry_after_is_seconds_or_a_date(void **state)
{
	(void)state;
	assert_int_equal(http_wait_asked_s("120", 0), 120);
	assert_int_equal(http_wait_asked_s("0", 0), 0);
	assert_int_equal(http_wait_asked_s("Sun, 06 Nov 1994 08:49:37 GMT", 784111770), 7);
	assert_int_equal(http_wait_asked_s("Sun, 06 Nov 1994 08:49:37 GMT", 784111778), 0);
	assert_true(http_wait_asked_s("99999999999999999999999", 0) > HTTP_RETRY_AFTER_MAX_S);
}

static void what_says_nothing_is_not_asked(void **state)
{
	(void)state;
	assert_int_equal(http_wait_asked_s("", 0), -1);
	assert_int_equal(http_wait_asked_s("-5", 0), -1);
	assert_int_equal(http_wait_asked_s("12 monkeys", 0), -1);
	assert_int_equal(http_wait_asked_s("soon", 0), -1);
}

static void backoff_doubles_up_to_a_minute(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		assert_in_range(http_wait_backoff_ms(1), 250, 500);
		assert_in_range(http_wait_backoff_ms(3), 1000, 2000);
		assert_in_range(http_wait_backoff_ms(1000000), 30000, 60000);
	}
}

static bool stops_at_once(void *context)
{
	(void)context;
	return true;
}

static void a_stop_ends_the_waiting(void **state)
{
	int64_t begin_ms = http_wait_clock_ms();

	(void)state;
	assert_int_equal(http_wait(60000, stops_at_once, NULL), -ECANCELED);
	assert_true(http_wait_clock_ms() - begin_ms < 1000);
	assert_int_equal(http_wait(1, NULL, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
		cmocka_unit_test(what_says_nothing_is_not_asked),
		cmocka_unit_test(backoff_doubles_up_to_a_minute),
		cmocka_unit_test(a_stop_ends_the_waiting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
