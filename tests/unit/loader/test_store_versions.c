#include "tests/unit/loader/store_fixture.h"

#include <errno.h>

static struct sink *sink_of(struct store_fixture *fixture)
{
	return store_delivery_sink(fixture->delivery);
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

static void add_version(struct store_fixture *fixture, const char *value, int64_t modified_ns)
{
	struct indicator record = store_fixture_record("indicator--1", value);

	record.created_by = slice_text("identity--1");
	record.modified_ns = modified_ns;
	store_fixture_add(fixture, &record, "a.example", NULL);
}

static struct delivery_counts deliver_version(struct store_fixture *fixture, const char *value,
                                              int64_t modified_ns)
{
	store_fixture_begin(fixture, modified_ns * DAY_NS, false);
	add_version(fixture, value, modified_ns);
	return store_fixture_commit(fixture);
}

static struct delivery_counts retire(struct store_fixture *fixture, const char *created_by,
                                     int64_t modified_ns, enum sink_withdrawal why)
{
	const struct sink_identity identity = {slice_text("indicator--1"), slice_text(created_by)};

	store_fixture_begin(fixture, 50 * DAY_NS, false);
	assert_int_equal(
		sink_of(fixture)->ops->retire(sink_of(fixture), &identity, modified_ns, why), 0);
	return store_fixture_commit(fixture);
}

static void revoking_is_for_ever_and_for_its_creator_only(void **state)
{
	struct store_fixture fixture;

	(void)state;
	store_fixture_open(&fixture);
	assert_int_equal(deliver_version(&fixture, "[one]", 1).added, 1);
	assert_int_equal(retire(&fixture, "identity--2", 9, SINK_REVOKED).removed, 0);
	store_fixture_assert_live(&fixture, "[one] ");
	assert_int_equal(retire(&fixture, "identity--1", 2, SINK_REVOKED).removed, 1);
	assert_int_equal(retire(&fixture, "identity--1", 2, SINK_REVOKED).removed, 0);
	assert_int_equal(deliver_version(&fixture, "[two]", 3).outdated, 1);
	store_fixture_assert_live(&fixture, "");
	store_fixture_close(&fixture);
}

static void what_was_revoked_before_it_came_never_lives(void **state)
{
	struct store_fixture fixture;
	struct delivery_counts counts;

	(void)state;
	store_fixture_open(&fixture);
	assert_int_equal(retire(&fixture, "identity--1", 2, SINK_REVOKED).live_after, 0);
	counts = deliver_version(&fixture, "[one]", 1);
	assert_int_equal(counts.outdated, 1);
	assert_int_equal(counts.live_after, 0);
	store_fixture_assert_live(&fixture, "");
	store_fixture_close(&fixture);
}

static void replaced_by_nothing_lives_again_with_a_newer_version_only(void **state)
{
	struct store_fixture fixture;

	(void)state;
	store_fixture_open(&fixture);
	(void)deliver_version(&fixture, "[one]", 2);
	assert_int_equal(retire(&fixture, "identity--1", 1, SINK_REPLACED).outdated, 1);
	store_fixture_assert_live(&fixture, "[one] ");
	assert_int_equal(retire(&fixture, "identity--1", 5, SINK_REPLACED).removed, 1);
	store_fixture_assert_live(&fixture, "");
	assert_int_equal(deliver_version(&fixture, "[two]", 4).outdated, 1);
	assert_int_equal(deliver_version(&fixture, "[one]", 2).outdated, 1);
	assert_int_equal(deliver_version(&fixture, "[three]", 6).added, 1);
	store_fixture_assert_live(&fixture, "[three] ");
	store_fixture_close(&fixture);
}

// What happens within one delivery counts as if it were several.
static void versions_of_one_delivery_follow_each_other(void **state)
{
	struct store_fixture fixture;
	const struct sink_identity identity = {slice_text("indicator--1"),
	                                       slice_text("identity--1")};
	struct delivery_counts counts;

	(void)state;
	store_fixture_open(&fixture);
	store_fixture_begin(&fixture, DAY_NS, false);
	add_version(&fixture, "[one]", 1);
	add_version(&fixture, "[two]", 2);
	add_version(&fixture, "[two]", 2);
	counts = store_fixture_commit(&fixture);
	assert_int_equal(counts.seen, 1);
	assert_int_equal(counts.added, 1);
	assert_int_equal(counts.changed, 1);
	assert_int_equal(counts.live_after, 1);
	store_fixture_assert_live(&fixture, "[two] ");

	store_fixture_begin(&fixture, 2 * DAY_NS, false);
	add_version(&fixture, "[three]", 3);
	assert_int_equal(
		sink_of(&fixture)->ops->retire(sink_of(&fixture), &identity, 4, SINK_REVOKED), 0);
	counts = store_fixture_commit(&fixture);
	assert_int_equal(counts.changed, 1);
	assert_int_equal(counts.removed, 1);
	assert_int_equal(counts.live_after, 0);
	store_fixture_assert_live(&fixture, "");
	store_fixture_close(&fixture);
}

static void other_sources_and_creators_have_votes_of_their_own(void **state)
{
	struct store_fixture fixture;
	struct indicator record = store_fixture_record("indicator--1", "[other]");

	(void)state;
	store_fixture_open(&fixture);
	(void)deliver_version(&fixture, "[one]", 1);
	record.created_by = slice_text("identity--2");
	record.modified_ns = 9;
	store_fixture_begin(&fixture, DAY_NS, false);
	store_fixture_add(&fixture, &record, "a.example", NULL);
	(void)store_fixture_commit(&fixture);
	fixture.source_id = store_fixture_source(&fixture, "second");
	(void)deliver_version(&fixture, "[second]", 3);
	store_fixture_assert_live(&fixture, "[one] [other] [second] ");
	store_fixture_close(&fixture);
}

static int remove_name(struct store_fixture *fixture, const char *name, int64_t time_ns)
{
	struct intake_value value = store_fixture_name(name);

	return sink_of(fixture)->ops->remove_value(sink_of(fixture), slice_text("s"), &value,
	                                           time_ns);
}

static void add_timed(struct store_fixture *fixture, const char *name, int64_t time_ns)
{
	struct indicator record = store_fixture_record("", name);

	record.created_ns = time_ns;
	store_fixture_add(fixture, &record, name, NULL);
}

static void a_deleted_value_lives_again_by_what_is_newer(void **state)
{
	struct store_fixture fixture;

	(void)state;
	store_fixture_open(&fixture);
	store_fixture_begin(&fixture, 10, false);
	add_timed(&fixture, "a.example", 1);
	assert_int_equal(remove_name(&fixture, "b.example", 5), 0);
	assert_int_equal(remove_name(&fixture, "a.example", 5), 1);
	assert_int_equal(remove_name(&fixture, "a.example", 4), 0);
	add_timed(&fixture, "a.example", 1);
	assert_int_equal(store_fixture_commit(&fixture).removed, 1);
	store_fixture_assert_live(&fixture, "");

	store_fixture_begin(&fixture, 20, false);
	add_timed(&fixture, "a.example", 4);
	assert_int_equal(store_fixture_commit(&fixture).outdated, 1);
	store_fixture_begin(&fixture, 30, false);
	add_timed(&fixture, "a.example", 6);
	assert_int_equal(store_fixture_commit(&fixture).added, 1);
	store_fixture_assert_live(&fixture, "a.example ");

	// Listed again since.
	store_fixture_begin(&fixture, 40, false);
	assert_int_equal(remove_name(&fixture, "a.example", 5), 0);
	assert_int_equal(store_fixture_commit(&fixture).removed, 0);
	store_fixture_assert_live(&fixture, "a.example ");
	store_fixture_close(&fixture);
}

static void the_later_line_counts_where_there_are_no_times(void **state)
{
	struct store_fixture fixture;

	(void)state;
	store_fixture_open(&fixture);
	store_fixture_begin(&fixture, 10, false);
	store_fixture_list(&fixture, "a.example");
	assert_int_equal(remove_name(&fixture, "a.example", TIMESTAMP_MIN), 1);
	store_fixture_list(&fixture, "a.example");
	(void)store_fixture_commit(&fixture);
	store_fixture_assert_live(&fixture, "a.example ");
	store_fixture_close(&fixture);
}

static int take_vote(void *context, const struct vote *vote)
{
	*(struct vote *)context = *vote;
	return 0;
}

static void times_of_a_vote_tell_its_life(void **state)
{
	struct store_fixture fixture;
	struct vote vote;

	(void)state;
	store_fixture_open(&fixture);
	(void)store_fixture_deliver(&fixture, 10, (const char *[]){"a.example", NULL});
	(void)store_fixture_deliver(&fixture, 20, (const char *[]){"a.example", NULL});
	assert_int_equal(store_vote_get(fixture.store, 1, take_vote, &vote), 0);
	assert_int_equal(vote.first_seen_ns, 10);
	assert_int_equal(vote.last_seen_ns, 20);
	assert_int_equal(vote.version_ns, 10);
	assert_true(vote.withdrawn_ns == TIMESTAMP_MAX);

	(void)store_fixture_deliver(&fixture, 30, (const char *[]){NULL});
	assert_int_equal(store_vote_get(fixture.store, 1, take_vote, &vote), 0);
	assert_int_equal(vote.last_seen_ns, 20);
	assert_int_equal(vote.withdrawn_ns, 30);
	assert_int_equal(vote.end, VOTE_ABSENT);

	(void)store_fixture_deliver(&fixture, 40, (const char *[]){"a.example", NULL});
	assert_int_equal(store_vote_get(fixture.store, 1, take_vote, &vote), 0);
	assert_int_equal(vote.first_seen_ns, 10);
	assert_int_equal(vote.version_ns, 40);
	assert_int_equal(vote.version, 2);
	assert_int_equal(vote.end, VOTE_LIVE);
	assert_int_equal(store_vote_get(fixture.store, 2, take_vote, &vote), -ENOENT);
	store_fixture_close(&fixture);
}

static void a_list_entry_changes_by_what_it_says_not_by_its_line(void **state)
{
	struct store_fixture fixture;
	struct indicator record = store_fixture_record("", "a.example");

	(void)state;
	store_fixture_open(&fixture);
	for (int round = 0; round < 3; round++) {
		record.line = (uint64_t)round + 1;
		record.tlp = round < 2 ? TLP_GREEN : TLP_RED;
		store_fixture_begin(&fixture, round * DAY_NS, true);
		store_fixture_add(&fixture, &record, "a.example", NULL);

		struct delivery_counts counts = store_fixture_commit(&fixture);
		assert_int_equal(counts.added, round == 0);
		assert_int_equal(counts.unchanged, round == 1);
		assert_int_equal(counts.changed, round == 2);
	}
	store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_newer_version_replaces_and_an_older_one_does_not),
		cmocka_unit_test(revoking_is_for_ever_and_for_its_creator_only),
		cmocka_unit_test(what_was_revoked_before_it_came_never_lives),
		cmocka_unit_test(replaced_by_nothing_lives_again_with_a_newer_version_only),
		cmocka_unit_test(versions_of_one_delivery_follow_each_other),
		cmocka_unit_test(other_sources_and_creators_have_votes_of_their_own),
		cmocka_unit_test(a_deleted_value_lives_again_by_what_is_newer),
		cmocka_unit_test(the_later_line_counts_where_there_are_no_times),
		cmocka_unit_test(times_of_a_vote_tell_its_life),
		cmocka_unit_test(a_list_entry_changes_by_what_it_says_not_by_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
