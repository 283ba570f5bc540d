#include "loader/sync.h"

#include "tests/unit/loader/store_fixture.h"

static const int64_t now_ns = 1000000 * NS_PER_S;

static const struct source_config hourly = {.name = "hourly", .interval_s = 3600};

static int64_t next_run(struct store_fixture *fixture)
{
	int64_t due_ns = 0;

	assert_int_equal(sync_next_run(fixture->store, &hourly, now_ns, &due_ns), 0);
	return due_ns;
}

static void attempt(struct store_fixture *fixture, int64_t time_ns, const char *error_text)
{
	uint32_t source_id = store_fixture_source(fixture, "hourly");

	assert_int_equal(store_source_attempted(fixture->store, source_id, time_ns, error_text), 0);
}

static void a_source_never_asked_is_due(void **state)
{
	struct store_fixture fixture;
	(void)state;

	store_fixture_open(&fixture);
	assert_int_equal(next_run(&fixture), TIMESTAMP_MIN);
	store_fixture_close(&fixture);
}

static void a_source_is_due_its_interval_after_the_last_attempt(void **state)
{
	struct store_fixture fixture;
	(void)state;

	store_fixture_open(&fixture);
	attempt(&fixture, now_ns - 60 * NS_PER_S, "");
	assert_in_range(next_run(&fixture), now_ns + (3540 - 180) * NS_PER_S,
	                now_ns + (3540 + 180) * NS_PER_S);
	store_fixture_close(&fixture);
}

static void an_attempt_in_the_future_does_not_keep_a_source_waiting(void **state)
{
	struct store_fixture fixture;
	(void)state;

	store_fixture_open(&fixture);
	attempt(&fixture, now_ns + 1000 * 3600 * NS_PER_S, "");
	assert_int_equal(next_run(&fixture), TIMESTAMP_MIN);
	store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_source_never_asked_is_due),
		cmocka_unit_test(a_source_is_due_its_interval_after_the_last_attempt),
		cmocka_unit_test(an_attempt_in_the_future_does_not_keep_a_source_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
