#include "tests/unit/loader/store_fixture.h"

struct seen {
	char text[4096];
	size_t size;
};

static void note(struct seen *seen, const char *what, const struct vote *vote)
{
	seen->size += (size_t)snprintf(seen->text + seen->size, sizeof(seen->text) - seen->size,
	                               "%s%llu.%u=%.*s:%s ", what,
	                               (unsigned long long)vote->vote_id, vote->version,
	                               SLICE_FORMAT(vote->record.value), vote_end_name(vote->end));
}

static int note_version(void *context, const struct vote *vote)
{
	note(context, "", vote);
	return 0;
}

static int note_difference(void *context, enum store_difference difference, const struct vote *vote)
{
	static const char *const names[] = {
		[DIFFERENCE_ADDED] = "+",
		[DIFFERENCE_CHANGED] = "~",
		[DIFFERENCE_WITHDRAWN] = "-",
	};

	note(context, names[difference], vote);
	return 0;
}

static void assert_history(struct store_fixture *fixture, const char *of, const char *expected)
{
	struct seen seen = {};

	assert_int_equal(store_history(fixture->store, slice_text(of), note_version, &seen), 0);
	assert_string_equal(seen.text, expected);
}

static void assert_diff(struct store_fixture *fixture, int from_day, int until_day,
                        const char *expected)
{
	struct seen seen = {};

	assert_int_equal(store_diff(fixture->store, from_day * DAY_NS, until_day * DAY_NS, 0,
	                            note_difference, &seen),
	                 0);
	assert_string_equal(seen.text, expected);
}

static void deliver_version(struct store_fixture *fixture, int day, const char *value,
                            const char *name)
{
	struct indicator record = store_fixture_record("indicator--1", value);

	record.modified_ns = day;
	record.created_by = slice_text("identity--1");
	store_fixture_begin(fixture, day * DAY_NS, false);
	store_fixture_add(fixture, &record, name, NULL);
	(void)store_fixture_commit(fixture);
}

static void versions_are_told_oldest_first_by_number_id_and_value(void **state)
{
	static const char versions[] = "1.1=[one]:replaced 1.2=[two]:live ";
	struct store_fixture fixture;

	(void)state;
	store_fixture_open(&fixture);
	deliver_version(&fixture, 1, "[one]", "a.example");
	deliver_version(&fixture, 2, "[two]", "b.example");
	assert_history(&fixture, "1", versions);
	assert_history(&fixture, "indicator--1", versions);
	assert_history(&fixture, "b.example", versions);
	assert_history(&fixture, "A[.]example", versions);
	assert_history(&fixture, "[two]", versions);
	assert_history(&fixture, "2", "");
	assert_history(&fixture, "c.example", "");
	store_fixture_close(&fixture);
}

static void differences_are_those_of_two_states(void **state)
{
	struct store_fixture fixture;

	(void)state;
	store_fixture_open(&fixture);
	(void)store_fixture_deliver(&fixture, 1 * DAY_NS,
	                            (const char *[]){"a.example", "b.example", NULL});
	(void)store_fixture_deliver(&fixture, 2 * DAY_NS,
	                            (const char *[]){"b.example", "c.example", NULL});
	(void)store_fixture_deliver(&fixture, 3 * DAY_NS,
	                            (const char *[]){"a.example", "b.example", NULL});
	assert_diff(&fixture, 0, 1, "+1.1=a.example:absent +2.1=b.example:live ");
	assert_diff(&fixture, 1, 2, "-1.1=a.example:absent +3.1=c.example:absent ");
	assert_diff(&fixture, 2, 3, "+1.2=a.example:live -3.1=c.example:absent ");
	assert_diff(&fixture, 1, 3, "~1.2=a.example:live ");
	assert_diff(&fixture, 3, 9, "");
	store_fixture_close(&fixture);
}

static int note_event(void *context, const struct store_event *event)
{
	struct seen *seen = context;

	seen->size += (size_t)snprintf(seen->text + seen->size, sizeof(seen->text) - seen->size,
	                               "%s %s %u: %s\n", event->who, event->what, event->source_id,
	                               event->why);
	return 0;
}

static void deliveries_leave_events(void **state)
{
	struct store_fixture fixture;
	struct seen seen = {};

	(void)state;
	store_fixture_open(&fixture);
	(void)store_fixture_deliver(&fixture, 1 * DAY_NS, (const char *[]){"a.example", NULL});
	(void)store_fixture_deliver(&fixture, 2 * DAY_NS, (const char *[]){NULL});
	assert_int_equal(store_event_each(fixture.store, 2 * DAY_NS, 0, note_event, &seen), 0);
	assert_string_equal(seen.text, "sync delivery 1: 0 seen, 0 added, 0 changed, 0 unchanged, "
	                               "0 outdated, 0 removed, 1 absent\n");
	store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(versions_are_told_oldest_first_by_number_id_and_value),
		cmocka_unit_test(differences_are_those_of_two_states),
		cmocka_unit_test(deliveries_leave_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
