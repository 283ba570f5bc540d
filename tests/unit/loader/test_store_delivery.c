#include "tests/unit/loader/store_fixture.h"

#include <errno.h>

static void what_is_delivered_lives_until_it_is_absent(void **state)
{
	struct store_fixture fixture;
	struct delivery_counts counts;

	(void)state;
	store_fixture_open(&fixture);
	counts = store_fixture_deliver(&fixture, 1 * DAY_NS,
	                               (const char *[]){"a.example", "b.example", NULL});
	assert_int_equal(counts.added, 2);
	assert_int_equal(counts.live_before, 0);
	assert_int_equal(counts.live_after, 2);
	store_fixture_assert_live(&fixture, "a.example b.example ");

	store_fixture_reopen(&fixture);
	counts = store_fixture_deliver(&fixture, 2 * DAY_NS,
	                               (const char *[]){"c.example", "b.example", NULL});
	assert_int_equal(counts.seen, 2);
	assert_int_equal(counts.added, 1);
	assert_int_equal(counts.unchanged, 1);
	assert_int_equal(counts.absent, 1);
	assert_int_equal(counts.live_after, 2);
	store_fixture_assert_live(&fixture, "b.example c.example ");
	store_fixture_close(&fixture);
}

static void what_is_not_committed_never_was(void **state)
{
	struct store_fixture fixture;

	(void)state;
	store_fixture_open(&fixture);
	store_fixture_begin(&fixture, DAY_NS, true);
	store_fixture_list(&fixture, "a.example");
	assert_int_equal(store_source_note(fixture.store, fixture.source_id, "etag", "1"), 0);
	store_delivery_free(fixture.delivery);
	fixture.delivery = NULL;

	struct buffer note = {};
	assert_int_equal(store_source_noted(fixture.store, fixture.source_id, "etag", &note), 0);
	assert_int_equal(note.size, 0);
	store_fixture_assert_live(&fixture, "");
	assert_int_equal(store_change_last(fixture.store), 0);
	store_fixture_close(&fixture);
}

static void a_partial_delivery_withdraws_nothing(void **state)
{
	struct store_fixture fixture;
	struct delivery_counts counts;

	(void)state;
	store_fixture_open(&fixture);
	(void)store_fixture_deliver(&fixture, DAY_NS, (const char *[]){"a.example", NULL});
	store_fixture_begin(&fixture, 2 * DAY_NS, true);
	store_fixture_list(&fixture, "b.example");
	assert_int_equal(store_delivery_settle(fixture.delivery, &counts), 0);
	assert_int_equal(counts.absent, 1);
	assert_int_equal(counts.live_after, 1);
	store_delivery_is_partial(fixture.delivery);
	counts = store_fixture_commit(&fixture);
	assert_int_equal(counts.absent, 0);
	assert_int_equal(counts.live_after, 2);
	store_fixture_assert_live(&fixture, "a.example b.example ");
	store_fixture_close(&fixture);
}

static int count_value(void *context, const struct value_vote *value)
{
	size_t *count = context;

	(void)value;
	(*count)++;
	return 0;
}

static size_t values_of(struct store *store)
{
	size_t count = 0;

	assert_int_equal(store_value_each(store, count_value, &count), 0);
	return count;
}

// Every `step`th of so many names, as all that the source has.
static struct delivery_counts deliver_every(struct store_fixture *fixture, int64_t time_ns,
                                            unsigned step)
{
	enum { NAMES = 70000 }; // more than one statement puts into an index
	char name[32];

	store_fixture_begin(fixture, time_ns, true);
	for (unsigned i = 0; i < NAMES; i += step) {
		(void)snprintf(name, sizeof(name), "n%u.example", i);
		store_fixture_list(fixture, name);
	}
	return store_fixture_commit(fixture);
}

static void many_votes_come_stay_go_and_come_back(void **state)
{
	struct store_fixture fixture;
	struct delivery_counts counts;

	(void)state;
	store_fixture_open(&fixture);
	counts = deliver_every(&fixture, 1 * DAY_NS, 1);
	assert_int_equal(counts.added, 70000);
	assert_int_equal(values_of(fixture.store), 70000);

	store_fixture_reopen(&fixture);
	counts = deliver_every(&fixture, 2 * DAY_NS, 1);
	assert_int_equal(counts.unchanged, 70000);
	assert_int_equal(counts.added + counts.changed + counts.absent, 0);

	counts = deliver_every(&fixture, 3 * DAY_NS, 2);
	assert_int_equal(counts.unchanged, 35000);
	assert_int_equal(counts.absent, 35000);
	assert_int_equal(values_of(fixture.store), 35000);

	counts = deliver_every(&fixture, 4 * DAY_NS, 1);
	assert_int_equal(counts.added, 35000);
	assert_int_equal(counts.live_after, 70000);
	assert_int_equal(values_of(fixture.store), 70000);
	store_fixture_close(&fixture);
}

static int note_id(void *context, uint64_t vote_id)
{
	uint64_t *mask = context;

	assert_int_equal(*mask & UINT64_C(1) << vote_id, 0);
	*mask |= UINT64_C(1) << vote_id;
	return 0;
}

static uint64_t changed_since(struct store_fixture *fixture, uint64_t since)
{
	uint64_t mask = 0;

	assert_int_equal(store_change_each(fixture->store, since, note_id, &mask), 0);
	return mask;
}

static void changes_are_told_once_each(void **state)
{
	struct store_fixture fixture;

	(void)state;
	store_fixture_open(&fixture);
	(void)store_fixture_deliver(&fixture, 1, (const char *[]){"a.example", "b.example", NULL});
	uint64_t first = store_change_last(fixture.store);
	assert_int_equal(changed_since(&fixture, 0), 1 << 1 | 1 << 2);
	assert_int_equal(changed_since(&fixture, first), 0);
	(void)store_fixture_deliver(&fixture, 2, (const char *[]){"b.example", NULL});
	(void)store_fixture_deliver(&fixture, 3, (const char *[]){"a.example", "b.example", NULL});
	assert_int_equal(changed_since(&fixture, first), 1 << 1);
	store_fixture_close(&fixture);
}

static void deliver_many(struct store_fixture *fixture, int64_t time_ns, int count)
{
	store_fixture_begin(fixture, time_ns, false);
	for (int i = 0; i < count; i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "n%d.example", i);
		store_fixture_list(fixture, name);
	}
	(void)store_fixture_commit(fixture);
}

static int ignore_id(void *context, uint64_t vote_id)
{
	(void)vote_id;
	++*(uint64_t *)context;
	return 0;
}

static void too_many_changes_are_told_as_such(void **state)
{
	struct store_fixture fixture;
	uint64_t count = 0;

	(void)state;
	store_fixture_open(&fixture);
	(void)store_fixture_deliver(&fixture, 1, (const char *[]){"a.example", NULL});
	uint64_t before = store_change_last(fixture.store);
	deliver_many(&fixture, 2, 100001);
	uint64_t after = store_change_last(fixture.store);
	assert_int_equal(after - before, 100001);
	assert_int_equal(store_change_each(fixture.store, before, ignore_id, &count), -EOVERFLOW);
	assert_int_equal(store_change_each(fixture.store, after, ignore_id, &count), 0);
	assert_int_equal(count, 0);
	store_fixture_close(&fixture);
}

// More than are looked up one by one.
static void a_large_difference_finds_what_is_known(void **state)
{
	struct store_fixture fixture;
	struct store_source source;

	(void)state;
	store_fixture_open(&fixture);
	deliver_many(&fixture, 1, 4000);
	deliver_many(&fixture, 2, 5000);
	assert_int_equal(store_source_get(fixture.store, "first", &source), 0);
	assert_int_equal(source.live, 5000);
	uint64_t changes = store_change_last(fixture.store);
	assert_int_equal(changes, 5000);
	store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_delivered_lives_until_it_is_absent),
		cmocka_unit_test(what_is_not_committed_never_was),
		cmocka_unit_test(a_partial_delivery_withdraws_nothing),
		cmocka_unit_test(many_votes_come_stay_go_and_come_back),
		cmocka_unit_test(changes_are_told_once_each),
		cmocka_unit_test(too_many_changes_are_told_as_such),
		cmocka_unit_test(a_large_difference_finds_what_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
