#include "tests/unit/loader/store_fixture.h"

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

static void a_newer_version_replaces_and_an_older_one_does_not(void **state)
{
	struct store_fixture fixture;
	struct indicator record = store_fixture_record("indicator--1", "[one]");

	(void)state;
	store_fixture_open(&fixture);
	for (int version = 1; version <= 3; version++) {
		static const char *const values[] = {"[one]", "[two]", "[old]"};

		record.value = slice_text(values[version - 1]);
		record.modified_ns = version == 3 ? 1 : version * 10;
		store_fixture_begin(&fixture, version * DAY_NS, false);
		store_fixture_add(&fixture, &record, "a.example", NULL);

		struct delivery_counts counts = store_fixture_commit(&fixture);
		assert_int_equal(counts.added, version == 1);
		assert_int_equal(counts.changed, version == 2);
		assert_int_equal(counts.outdated, version == 3);
	}
	store_fixture_assert_live(&fixture, "[two] ");
	store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_delivered_lives_until_it_is_absent),
		cmocka_unit_test(what_is_not_committed_never_was),
		cmocka_unit_test(a_newer_version_replaces_and_an_older_one_does_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
