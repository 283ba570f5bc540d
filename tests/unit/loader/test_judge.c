// Counts of sources and posters, what covers a value, and values as text.
#include "tests/unit/loader/compile_fixture.h"

#include <errno.h>
#include <time.h>

#include <sqlite3.h>

#include "base/buffer.h"
#include "loader/judge.h"
#include "loader/judge_counts.h"

static void different_sources_and_posters_are_counted(void **state)
{
	struct judge_naming namings[] = {{1, 7}, {2, 7}, {2, 0}, {1, 7}, {3, 0}, {3, 0}, {2, 9}};
	struct judge_count count = judge_counts_of(namings, sizeof(namings) / sizeof(*namings));

	(void)state;
	assert_int_equal(count.sources, 3);
	assert_int_equal(count.posters, 4); // 7, 9, and the sources 2 and 3 themselves
	count = judge_counts_of(namings, 1);
	assert_int_equal(count.sources, 1);
	assert_int_equal(count.posters, 1);
	count = judge_counts_of(namings, 0);
	assert_int_equal(count.sources, 0);
	assert_int_equal(count.posters, 0);
}

static void ids_are_found_whatever_order_they_came_in(void **state)
{
	static const uint64_t added[] = {9, 3, UINT64_MAX, 3, 1};
	struct judge_ids ids = {};

	(void)state;
	assert_false(judge_ids_has(&ids, 1));
	for (size_t i = 0; i < sizeof(added) / sizeof(*added); i++)
		assert_int_equal(judge_ids_add(&ids, added[i]), 0);
	judge_ids_sort(&ids);
	for (size_t i = 0; i < sizeof(added) / sizeof(*added); i++)
		assert_true(judge_ids_has(&ids, added[i]));
	assert_false(judge_ids_has(&ids, 2));
	assert_false(judge_ids_has(&ids, 10));
	judge_ids_close(&ids);
}

struct noted {
	struct judge *judge;
	struct store_fixture_text text;
};

// "value=sources/posters:action " of each value.
static int note_judged(void *context, const struct vote *vote)
{
	struct noted *noted = context;
	struct judgement judgement;
	struct buffer value = {};

	assert_int_equal(judge_vote_settled(noted->judge, vote, &judgement), 0);
	for (size_t i = 0; i < judgement.value_count; i++) {
		const struct judged_value *judged = &judgement.values[i];
		struct store_fixture_text *text = &noted->text;

		buffer_clear(&value);
		judge_value_text(judged, &value);
		text->size += (size_t)snprintf(
			text->text + text->size, sizeof(text->text) - text->size, "%.*s=%u/%u:%s ",
			SLICE_FORMAT(buffer_slice(&value)), judged->facts.source_count,
			judged->facts.poster_count, action_name(judged->decision.action));
	}
	buffer_close(&value);
	return 0;
}

static void open_judge(struct compile_fixture *fixture, bool is_single, struct noted *noted)
{
	const struct judge_options options = {
		.store = fixture->store.store,
		.config = &fixture->config,
		.now_ns = COMPILE_NOW_NS,
		.is_single = is_single,
		.is_thorough = is_single,
	};

	*noted = (struct noted){};
	assert_int_equal(judge_create(&options, NULL, &noted->judge), 0);
}

static void counts_are_the_same_asked_at_once_or_one_by_one(void **state)
{
	static const char expected[] = "one.example=1/1:log two.example=2/2:drop "
				       "two.example=2/2:drop 192.0.2.1=2/2:drop "
				       "192.0.2.1=2/2:drop ";
	struct compile_fixture fixture;
	struct noted noted;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP)->sources_min = 2;
	compile_fixture_deliver(&fixture,
	                        compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS),
	                        "one.example\ntwo.example\n");
	compile_fixture_deliver(&fixture,
	                        compile_fixture_source(&fixture, "b", NULL, SOURCE_INDICATORS),
	                        "two.example\n192.0.2.1\n");
	compile_fixture_deliver(&fixture,
	                        compile_fixture_source(&fixture, "c", NULL, SOURCE_INDICATORS),
	                        "192.0.2.1\n");
	for (unsigned is_single = 0; is_single < 2; is_single++) {
		open_judge(&fixture, is_single, &noted);
		assert_int_equal(store_vote_each(fixture.store.store, note_judged, &noted), 0);
		assert_string_equal(noted.text.text, expected);
		judge_free(noted.judge);
	}
	compile_fixture_close(&fixture);
}

static int judge_it(void *context, const struct vote *vote)
{
	struct judgement judgement;

	assert_int_equal(judge_vote(context, vote, TLP_NONE, &judgement), 0);
	assert_int_equal(judgement.value_count, 1);
	assert_int_equal(judgement.values[0].facts.source_count, 1);
	return 0;
}

// Counting all of them for each of them would take a quarter of a minute.
static void many_votes_for_one_value_are_counted_once(void **state)
{
	enum { VOTES = 5000, SECONDS_MAX = 5 };
	struct compile_fixture fixture;
	struct buffer bundle = {};
	struct noted noted;
	clock_t start;

	(void)state;
	buffer_append_text(&bundle, "{\"type\":\"bundle\",\"objects\":[");
	for (unsigned i = 0; i < VOTES; i++)
		buffer_format(
			&bundle,
			"%s{\"type\":\"indicator\",\"spec_version\":\"2.1\",\"id\":\"indicator--"
			"00000000-0000-4000-8000-%012u\",\"created\":\"2023-01-01T00:00:00Z\","
			"\"modified\":\"2023-01-01T00:00:00Z\",\"valid_from\":"
			"\"2023-01-01T00:00:00Z\",\"pattern_type\":\"stix\",\"pattern\":"
			"\"[domain-name:value = 'same.example']\"}",
			i > 0 ? "," : "", i);
	buffer_append_text(&bundle, "]}");
	buffer_append_byte(&bundle, '\0');
	compile_fixture_open(&fixture);
	compile_fixture_deliver(&fixture,
	                        compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS),
	                        (const char *)bundle.data);
	open_judge(&fixture, true, &noted);
	start = clock();
	assert_int_equal(store_vote_each(fixture.store.store, judge_it, noted.judge), 0);
	assert_true(clock() - start < (clock_t)SECONDS_MAX * CLOCKS_PER_SEC);
	judge_free(noted.judge);
	compile_fixture_close(&fixture);
	buffer_close(&bundle);
}

static int judge_damaged(void *context, const struct vote *vote)
{
	struct judgement judgement;

	return judge_vote(context, vote, TLP_NONE, &judgement);
}

// Half of its values would be another vote.
static void a_vote_whose_values_are_damaged_is_an_error(void **state)
{
	struct compile_fixture fixture;
	struct noted noted;
	sqlite3 *db;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_deliver(&fixture,
	                        compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS),
	                        "one.example\n");
	assert_int_equal(sqlite3_open(fixture.store.path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "UPDATE vote SET record = substr(record, 1, length(record) - 1)",
	                     NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(db);
	open_judge(&fixture, true, &noted);
	assert_int_equal(store_vote_each(fixture.store.store, judge_damaged, noted.judge),
	                 -EBADMSG);
	judge_free(noted.judge);
	compile_fixture_close(&fixture);
}

static void values_are_told_as_they_are_compared(void **state)
{
	static const char list[] =
		"EVIL.example\n192.0.2.7/24\n192.0.2.1-192.0.2.3\n"
		"192.0.2.1:8080\nhttps://Evil.example/A\nhttp://evil.example/b/*\n"
		"D41D8CD98F00B204E9800998ECF8427F\n";
	static const char expected[] =
		"evil.example=1/1:log 192.0.2.0/24=1/1:log 192.0.2.1-192.0.2.3=1/1:log "
		"192.0.2.1 port 8080=1/1:log https://evil.example/A=1/1:log "
		"http://evil.example/b/*=1/1:log d41d8cd98f00b204e9800998ecf8427f=1/1:log ";
	struct compile_fixture fixture;
	struct noted noted;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_deliver(
		&fixture, compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS), list);
	open_judge(&fixture, true, &noted);
	assert_int_equal(store_vote_each(fixture.store.store, note_judged, &noted), 0);
	assert_string_equal(noted.text.text, expected);
	judge_free(noted.judge);
	compile_fixture_close(&fixture);
}

static const char *covering(struct compile_fixture *fixture, const char *text)
{
	static struct store_fixture_text found;

	found = (struct store_fixture_text){};
	assert_int_equal(judge_find_covering(fixture->store.store, slice_text(text),
	                                     store_fixture_note_vote, &found),
	                 0);
	return found.text;
}

static void what_covers_a_value_is_found(void **state)
{
	struct compile_fixture fixture;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_deliver(
		&fixture, compile_fixture_source(&fixture, "a", NULL, SOURCE_INDICATORS),
		"evil.example\nb.evil.example\n192.0.2.0/24\n192.0.0.0/16\n2001:db8::/32\n"
		"192.0.2.1\n");
	assert_string_equal(covering(&fixture, "a.b.evil[.]example"),
	                    "b.evil.example evil.example ");
	assert_string_equal(covering(&fixture, "evil.example"), "");
	assert_string_equal(covering(&fixture, "notevil.example"), "");
	assert_string_equal(covering(&fixture, "192.0.2.1"), "192.0.2.0/24 192.0.0.0/16 ");
	assert_string_equal(covering(&fixture, "192.0.2.0/24"), "192.0.0.0/16 ");
	assert_string_equal(covering(&fixture, "2001:db8::1"), "2001:db8::/32 ");
	assert_string_equal(covering(&fixture, "not a value"), "");
	compile_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(different_sources_and_posters_are_counted),
		cmocka_unit_test(ids_are_found_whatever_order_they_came_in),
		cmocka_unit_test(counts_are_the_same_asked_at_once_or_one_by_one),
		cmocka_unit_test(many_votes_for_one_value_are_counted_once),
		cmocka_unit_test(a_vote_whose_values_are_damaged_is_an_error),
		cmocka_unit_test(values_are_told_as_they_are_compared),
		cmocka_unit_test(what_covers_a_value_is_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
