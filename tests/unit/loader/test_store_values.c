#include "tests/unit/loader/store_fixture.h"

#include <errno.h>

#include "loader/value_code.h"

static struct sink *sink_of(struct store_fixture *fixture)
{
	return store_delivery_sink(fixture->delivery);
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

struct values {
	uint64_t votes;
	uint64_t posters;
};

static int note_value(void *context, const struct value_vote *value)
{
	struct values *values = context;

	values->votes |= UINT64_C(1) << value->vote_id;
	values->posters += value->poster_id != 0;
	return 0;
}

static void assert_named_by(struct store_fixture *fixture, const char *name, unsigned count)
{
	struct intake_value value = store_fixture_name(name);
	struct store_fixture_text text = {};
	unsigned found = 0;

	assert_int_equal(
		store_vote_of_value(fixture->store,
	                            value_code_hash(store_value_seed(fixture->store), &value),
	                            store_fixture_note_vote, &text),
		0);
	for (size_t i = 0; i < text.size; i++)
		found += text.text[i] == ' ';
	assert_int_equal(found, count);
}

static void values_are_found_by_the_votes_that_name_them_now(void **state)
{
	struct store_fixture fixture;
	struct values values = {};

	(void)state;
	store_fixture_open(&fixture);
	(void)deliver_version(&fixture, "[one]", 1);
	fixture.source_id = store_fixture_source(&fixture, "second");
	(void)store_fixture_deliver(&fixture, 2, (const char *[]){"a.example", "b.example", NULL});
	assert_named_by(&fixture, "a.example", 2);
	assert_named_by(&fixture, "b.example", 1);
	assert_int_equal(store_value_each(fixture.store, note_value, &values), 0);
	assert_int_equal(values.votes, 1 << 1 | 1 << 2 | 1 << 3);
	assert_int_equal(values.posters, 1);
	(void)store_fixture_deliver(&fixture, 3, (const char *[]){"b.example", NULL});
	assert_named_by(&fixture, "a.example", 1);
	assert_named_by(&fixture, "c.example", 0);
	store_fixture_close(&fixture);
}

static void an_indicator_without_values_is_as_if_never_seen(void **state)
{
	struct store_fixture fixture;
	struct indicator record = store_fixture_record("indicator--1", "[none]");
	uint32_t id;

	(void)state;
	store_fixture_open(&fixture);
	store_fixture_begin(&fixture, 1, false);
	assert_int_equal(sink_of(&fixture)->ops->add_indicator(sink_of(&fixture), &record, &id), 0);
	sink_of(&fixture)->ops->withdraw(sink_of(&fixture), id, SINK_NOTHING_TAKEN);
	assert_int_equal(store_fixture_commit(&fixture).seen, 0);
	store_fixture_assert_live(&fixture, "");
	store_fixture_close(&fixture);
}

static void a_pattern_that_cannot_be_compiled_is_refused(void **state)
{
	const struct intake_value value = {
		.type = OBSERVABLE_NAME,
		.is_pattern = true,
		.syntax = PATTERN_MATCHES,
		.text = slice_text("("),
	};
	struct indicator record = store_fixture_record("indicator--1", "[bad]");
	struct store_fixture fixture;
	const char *reason = NULL;
	uint32_t id;

	(void)state;
	store_fixture_open(&fixture);
	store_fixture_begin(&fixture, 1, false);
	assert_int_equal(sink_of(&fixture)->ops->add_indicator(sink_of(&fixture), &record, &id), 0);
	assert_int_equal(sink_of(&fixture)->ops->add_value(sink_of(&fixture), id, &value, &reason),
	                 0);
	assert_non_null(reason);
	(void)store_fixture_commit(&fixture);
	store_fixture_close(&fixture);
}

static void assert_object(struct store_fixture *fixture, uint64_t vote_id, const char *expected)
{
	AUTO_BUFFER json = {};
	int error = store_object_of_vote(fixture->store, vote_id, &json);

	assert_int_equal(error, expected != NULL ? 0 : -ENOENT);
	if (expected != NULL)
		assert_true(slice_is(buffer_slice(&json), expected));
}

static void objects_of_votes_come_back_as_received(void **state)
{
	enum { COUNT = 300 };
	struct store_fixture fixture;
	char *large = calloc(1, 1 << 20);
	char json[64];

	(void)state;
	assert_non_null(large);
	memset(large, 'x', (1 << 20) - 1);
	store_fixture_open(&fixture);
	store_fixture_begin(&fixture, 1, false);
	for (int i = 1; i <= COUNT; i++) {
		char id[32];

		(void)snprintf(id, sizeof(id), "indicator--%d", i);
		(void)snprintf(json, sizeof(json), "{\"number\": %d}", i);
		struct indicator record = store_fixture_record(id, id);
		store_fixture_add(&fixture, &record, id, i == 100 ? large : i == 200 ? NULL : json);
	}
	(void)store_fixture_commit(&fixture);
	store_fixture_reopen(&fixture);
	for (int i = COUNT; i >= 1; i--) {
		(void)snprintf(json, sizeof(json), "{\"number\": %d}", i);
		assert_object(&fixture, (uint64_t)i, i == 100 ? large : i == 200 ? NULL : json);
	}
	assert_object(&fixture, COUNT + 1, NULL);
	free(large);
	store_fixture_close(&fixture);
}

static int take_object(void *context, uint32_t source_id, struct slice id, struct slice json)
{
	char *text = context;

	assert_int_equal(source_id, 1);
	(void)snprintf(text + strlen(text), 256 - strlen(text), "%.*s=%.*s ", SLICE_FORMAT(id),
	               SLICE_FORMAT(json));
	return 0;
}

static void of_other_objects_the_newest_version_is_kept(void **state)
{
	static const char *const versions[] = {
		"{\"type\": \"identity\", \"modified\": \"2025-01-02T00:00:00Z\"}",
		"{\"type\": \"identity\", \"modified\": \"2025-01-03T00:00:00Z\"}",
		"{\"type\": \"identity\", \"modified\": \"2025-01-01T00:00:00Z\"}",
	};
	struct store_fixture fixture;
	char text[256] = "";

	(void)state;
	store_fixture_open(&fixture);
	for (size_t i = 0; i < 3; i++) {
		store_fixture_begin(&fixture, 1, false);
		assert_int_equal(sink_of(&fixture)->ops->keep_object(
					 sink_of(&fixture), NO_INDICATOR, slice_text("identity--1"),
					 slice_text(versions[i])),
		                 0);
		(void)store_fixture_commit(&fixture);
	}
	assert_int_equal(store_object_each(fixture.store, take_object, text), 0);
	assert_string_equal(
		text,
		"identity--1={\"type\": \"identity\", \"modified\": \"2025-01-03T00:00:00Z\"} ");
	store_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_by_the_votes_that_name_them_now),
		cmocka_unit_test(an_indicator_without_values_is_as_if_never_seen),
		cmocka_unit_test(a_pattern_that_cannot_be_compiled_is_refused),
		cmocka_unit_test(objects_of_votes_come_back_as_received),
		cmocka_unit_test(of_other_objects_the_newest_version_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
