#include "tests/unit/loader/store_fixture.h"

#include <errno.h>

#include "loader/store_figures.h"

static int take_hits(void *context, const struct vote_hits *hits)
{
	((struct vote_hits *)context)[hits->vote_id] = *hits;
	return 0;
}

static int add_hits(struct store_fixture *fixture, uint64_t vote_id, int64_t first_ns,
                    int64_t last_ns, uint64_t count)
{
	const struct vote_hits hits = {vote_id, count, first_ns, last_ns};

	return store_hits_add(fixture->store, &hits, 1);
}

static void hits_are_summed_by_vote_from_a_day_on(void **state)
{
	struct store_fixture fixture;
	struct vote_hits hits[3] = {};

	(void)state;
	store_fixture_open(&fixture);
	assert_int_equal(add_hits(&fixture, 1, 1 * DAY_NS, 1 * DAY_NS + 5, 3), 0);
	assert_int_equal(add_hits(&fixture, 1, 1 * DAY_NS + 2, 1 * DAY_NS + 9, 4), 0);
	assert_int_equal(add_hits(&fixture, 1, 3 * DAY_NS, 3 * DAY_NS, 1), 0);
	assert_int_equal(add_hits(&fixture, 2, -5, -4, 2), 0);
	assert_int_equal(store_hits_each(fixture.store, DAY_NS, take_hits, hits), 0);
	assert_int_equal(hits[1].count, 8);
	assert_int_equal(hits[1].first_ns, DAY_NS);
	assert_int_equal(hits[1].last_ns, 3 * DAY_NS);
	assert_int_equal(hits[2].count, 0);
	assert_int_equal(store_hits_each(fixture.store, 2 * DAY_NS, take_hits, hits), 0);
	assert_int_equal(hits[1].count, 1);
	store_fixture_close(&fixture);
}

static int count_vote_id(void *context, uint64_t vote_id)
{
	*(uint64_t *)context += vote_id;
	return 0;
}

static void a_promotion_is_a_change_and_can_be_taken_back(void **state)
{
	struct store_fixture fixture;
	uint64_t sum = 0;
	uint64_t changed = 0;

	(void)state;
	store_fixture_open(&fixture);
	(void)store_fixture_deliver(&fixture, 1 * DAY_NS, (const char *[]){"a.example", NULL});
	uint64_t last = store_change_last(fixture.store);
	assert_int_equal(store_promote(fixture.store, 1, true, "hanako", "12 hits"), 0);
	assert_int_equal(store_promote(fixture.store, 2, true, "hanako", "none"), -ENOENT);
	assert_int_equal(store_promoted_each(fixture.store, count_vote_id, &sum), 0);
	assert_int_equal(sum, 1);
	assert_int_equal(store_change_each(fixture.store, last, count_vote_id, &changed), 0);
	assert_int_equal(changed, 1);
	assert_int_equal(store_promote(fixture.store, 1, false, "hanako", "quiet"), 0);
	sum = 0;
	assert_int_equal(store_promoted_each(fixture.store, count_vote_id, &sum), 0);
	assert_int_equal(sum, 0);
	store_fixture_close(&fixture);
}

static void a_source_is_counted_against_the_others(void **state)
{
	struct store_fixture fixture;
	struct store_figures figures;
	uint32_t benign_id;

	(void)state;
	store_fixture_open(&fixture);
	(void)store_fixture_deliver(
		&fixture, 1 * DAY_NS,
		(const char *[]){"a.example", "b.example", "c.example", "gone.example", NULL});
	(void)store_fixture_deliver(
		&fixture, 2 * DAY_NS,
		(const char *[]){"a.example", "b.example", "c.example", "new.example", NULL});
	uint32_t first = fixture.source_id;
	fixture.source_id = store_fixture_source(&fixture, "second");
	(void)store_fixture_deliver(&fixture, 3 * DAY_NS,
	                            (const char *[]){"b.example", "d.example", NULL});
	assert_int_equal(store_source_put(fixture.store,
	                                  &(struct store_source){.name = "top",
	                                                         .kind = "file",
	                                                         .address = "/top",
	                                                         .role = SOURCE_KNOWN_BENIGN},
	                                  &benign_id),
	                 0);
	fixture.source_id = benign_id;
	(void)store_fixture_deliver(&fixture, 3 * DAY_NS, (const char *[]){"c.example", NULL});
	assert_int_equal(add_hits(&fixture, 1, 3 * DAY_NS, 3 * DAY_NS, 7), 0);

	assert_int_equal(
		store_source_figures(fixture.store, first, 1 * DAY_NS, 4 * DAY_NS, &figures), 0);
	assert_int_equal(figures.live, 4);
	assert_int_equal(figures.withdrawn, 1);
	assert_int_equal(figures.added_since, 1);
	assert_int_equal(figures.withdrawn_since, 1);
	assert_int_equal(figures.expired, 0);
	assert_int_equal(figures.values, 4);
	assert_int_equal(figures.shared_values, 1);
	assert_int_equal(figures.known_benign, 1);
	assert_int_equal(figures.hits, 7);
	assert_int_equal(figures.oldest_ns, 1 * DAY_NS);
	assert_int_equal(figures.newest_ns, 2 * DAY_NS);
	assert_int_equal(figures.by_type[OBSERVABLE_NAME], 4);
	store_fixture_close(&fixture);
}

static void add_object(struct store_fixture *fixture, int number, int64_t valid_until_ns)
{
	char id[32];
	char json[96];

	(void)snprintf(id, sizeof(id), "indicator--%d", number);
	(void)snprintf(json, sizeof(json), "{\"id\": \"%s\", \"name\": \"object %d\"}", id, number);

	struct indicator record = store_fixture_record(id, id);
	record.valid_until_ns = valid_until_ns;
	record.modified_ns = 1;
	store_fixture_add(fixture, &record, "a.example", json);
}

static void what_is_past_retention_goes_and_the_rest_stays(void **state)
{
	enum { COUNT = 200 };
	struct store_fixture fixture;
	uint64_t count = 0;
	AUTO_BUFFER json = {};

	(void)state;
	store_fixture_open(&fixture);
	store_fixture_begin(&fixture, 1 * DAY_NS, false);
	for (int i = 1; i <= COUNT; i++)
		add_object(&fixture, i, i % 2 == 0 || i <= 64 ? 5 * DAY_NS : TIMESTAMP_MAX);
	(void)store_fixture_commit(&fixture);
	assert_int_equal(store_purge(fixture.store, 9 * DAY_NS, true, NULL, NULL, &count), 0);
	assert_int_equal(count, 64 + (COUNT - 64) / 2);
	assert_int_equal(store_object_of_vote(fixture.store, 2, &json), 0);
	buffer_clear(&json);

	assert_int_equal(store_purge(fixture.store, 9 * DAY_NS, false, NULL, NULL, &count), 0);
	assert_int_equal(count, 64 + (COUNT - 64) / 2);
	assert_int_equal(store_object_of_vote(fixture.store, 2, &json), -ENOENT);
	assert_int_equal(store_object_of_vote(fixture.store, 199, &json), 0);
	buffer_append_byte(&json, '\0');
	assert_string_equal((char *)json.data,
	                    "{\"id\": \"indicator--199\", \"name\": \"object 199\"}");

	struct store_source source;
	assert_int_equal(store_source_get(fixture.store, "first", &source), 0);
	assert_int_equal(source.live, COUNT - count);
	assert_int_equal(store_purge(fixture.store, 9 * DAY_NS, false, NULL, NULL, &count), 0);
	assert_int_equal(count, 0);
	store_fixture_close(&fixture);
}

static void that_one_was_revoked_outlives_the_purge(void **state)
{
	struct store_fixture fixture;
	uint64_t count = 0;

	(void)state;
	store_fixture_open(&fixture);
	store_fixture_begin(&fixture, 1 * DAY_NS, false);
	add_object(&fixture, 1, TIMESTAMP_MAX);
	struct sink *sink = store_delivery_sink(fixture.delivery);
	const struct sink_identity identity = {slice_text("indicator--1"), slice_text("")};
	assert_int_equal(sink->ops->retire(sink, &identity, 5, SINK_REVOKED), 0);
	(void)store_fixture_commit(&fixture);
	assert_int_equal(store_purge(fixture.store, 9 * DAY_NS, false, NULL, NULL, &count), 0);
	assert_int_equal(count, 1);

	store_fixture_begin(&fixture, 10 * DAY_NS, false);
	add_object(&fixture, 1, TIMESTAMP_MAX);
	struct delivery_counts counts = store_fixture_commit(&fixture);
	assert_int_equal(counts.outdated, 1);
	store_fixture_assert_live(&fixture, "");
	store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hits_are_summed_by_vote_from_a_day_on),
		cmocka_unit_test(a_promotion_is_a_change_and_can_be_taken_back),
		cmocka_unit_test(a_source_is_counted_against_the_others),
		cmocka_unit_test(what_is_past_retention_goes_and_the_rest_stays),
		cmocka_unit_test(that_one_was_revoked_outlives_the_purge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
