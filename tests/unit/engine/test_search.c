// database_search() against plain loops.
#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>

#include "engine/overlay.h"
#include "engine/search.h"
#include "tests/unit/engine/build_fixture.h"

enum { RECORDS = 3000, TEXT_BYTES = 400, FOUND_MAX = RECORDS };

struct found {
	uint32_t ids[FOUND_MAX];
	unsigned count;
	unsigned stop_at; // 0: never
};

static const struct search_query anything = {
	.since_ns = TIMESTAMP_MIN,
	.until_ns = TIMESTAMP_MAX,
};

static bool keep(void *context, uint32_t indicator_id, const struct indicator *indicator)
{
	struct found *found = context;

	assert_non_null(indicator);
	found->ids[found->count++] = indicator_id;
	return found->count != found->stop_at;
}

static unsigned pick(uint64_t *random, unsigned count)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)((*random >> 33) % count);
}

// Of few letters, so that parts are met nearly and often.
static void random_text(uint64_t *random, unsigned size, char *ret_text)
{
	static const char letters[] = "aAbB.1";

	for (unsigned i = 0; i < size; i++)
		ret_text[i] = letters[pick(random, sizeof(letters) - 1)];
	ret_text[size] = '\0';
}

static bool holds(const char *text, const char *part)
{
	for (; strlen(text) >= strlen(part); text++) {
		size_t i = 0;

		while (part[i] != '\0' && tolower(text[i]) == tolower(part[i]))
			i++;
		if (part[i] == '\0')
			return true;
	}
	return false;
}

static void every_part_is_found_where_it_is_and_nowhere_else(void **state)
{
	static char texts[RECORDS][TEXT_BYTES];
	static struct found found;
	AUTO(build) build = NULL;
	uint64_t random = 1;

	(void)state;
	assert_int_equal(build_create(&build), 0);
	for (unsigned i = 0; i < RECORDS; i++) {
		struct indicator indicator = fixture_indicator(texts[i]);
		uint32_t id;

		// Sizes whose own bytes are letters, and texts without anything.
		random_text(&random,
		            pick(&random, 50) == 0 ? 64 + pick(&random, 300) : pick(&random, 20),
		            texts[i]);
		indicator.value = slice_text(texts[i]);
		indicator.id = slice_text(pick(&random, 3) == 0 ? "indicator--ab" : "");
		assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
		if (pick(&random, 10) == 0)
			build_withdraw_indicator(build, id);
	}

	AUTO(database) database = fixture_open(build);
	for (unsigned turn = 0; turn < 300; turn++) {
		struct search_query query = anything;
		struct indicator indicator;
		char part[TEXT_BYTES];
		unsigned expected = 0;

		random_text(&random, 1 + pick(&random, turn % 10 == 0 ? 80 : 8), part);
		query.part = slice_text(part);
		found = (struct found){};
		uint64_t visited = database_search(database, &query, keep, &found);
		assert_int_equal(visited, found.count);
		for (uint32_t id = 1; id <= RECORDS; id++) {
			if (!database_indicator(database, id, &indicator) ||
			    !holds(texts[id - 1], part))
				continue;
			assert_true(expected < found.count);
			assert_int_equal(found.ids[expected++], id);
		}
		assert_int_equal(found.count, expected);
	}
}

static struct build *build_sample(void)
{
	static const struct {
		const char *value, *id, *source, *group;
		int64_t created_ns, modified_ns;
	} rows[] = {
		{"evil.example", "", "list", "c2", TIMESTAMP_MIN, TIMESTAMP_MIN},
		{"[domain-name:value = 'Evil.example']", "indicator--1", "Hub", "AIS", 10, 20},
		{"http://other.example/evil", "indicator--11", "Hub", "BLOCKLIST", 30,
	         TIMESTAMP_MIN},
		{"", "indicator--2", "hub2", "AIS", 10, 40},
	};
	struct build *build = NULL;

	assert_int_equal(build_create(&build), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct indicator indicator = fixture_indicator(rows[i].value);
		uint32_t id;

		indicator.id = slice_text(rows[i].id);
		indicator.source = slice_text(rows[i].source);
		indicator.group = slice_text(rows[i].group);
		indicator.created_ns = rows[i].created_ns;
		indicator.modified_ns = rows[i].modified_ns;
		assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
	}
	return build;
}

// The ids found, as digits.
static unsigned digits_of(const struct database *database, const struct search_query *query)
{
	static struct found found;
	unsigned digits = 0;

	found = (struct found){};
	database_search(database, query, keep, &found);
	for (unsigned i = 0; i < found.count; i++)
		digits = digits * 10 + found.ids[i];
	return digits;
}

static void all_that_is_asked_must_fit(void **state)
{
	AUTO(build) build = build_sample();
	AUTO(database) database = fixture_open(build);
	struct search_query query = anything;

	(void)state;
	assert_int_equal(digits_of(database, &query), 1234);
	query.part = slice_text("EVIL");
	assert_int_equal(digits_of(database, &query), 123);
	query.source = slice_text("hub");
	assert_int_equal(digits_of(database, &query), 23);
	query.group = slice_text("ais");
	assert_int_equal(digits_of(database, &query), 2);
	query.since_ns = 21;
	assert_int_equal(digits_of(database, &query), 0);

	query = anything;
	query.id = slice_text("Indicator--1");
	assert_int_equal(digits_of(database, &query), 2);
	query.id = slice_text("indicator--");
	assert_int_equal(digits_of(database, &query), 0);

	query = anything;
	query.since_ns = 20;
	assert_int_equal(digits_of(database, &query), 234);
	query.until_ns = 40;
	assert_int_equal(digits_of(database, &query), 23);
	query.until_ns = 30;
	assert_int_equal(digits_of(database, &query), 2);
	query.since_ns = TIMESTAMP_MIN;
	assert_int_equal(digits_of(database, &query), 12); // of unknown time: before everything
}

static void who_has_enough_is_told_no_more(void **state)
{
	AUTO(build) build = build_sample();
	AUTO(database) database = fixture_open(build);
	static struct found found;

	(void)state;
	found = (struct found){.stop_at = 2};
	assert_int_equal(database_search(database, &anything, keep, &found), 2);
	assert_int_equal(found.count, 2);
}

static void overlays_are_searched_and_the_silent_left_out(void **state)
{
	char path[] = "/tmp/sekisho-search-XXXXXX";
	static const uint32_t silent[] = {2};
	AUTO(build) build = build_sample();
	AUTO(build) additions = build_sample();
	struct build_figures figures;
	struct search_query query = anything;
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(build_write(build, fd, NULL, NULL, &figures), 0);
	close(fd);

	AUTO(database) base = NULL;
	assert_int_equal(database_open(path, NULL, &base), 0);
	assert_int_equal(overlay_write(path, base, additions, silent, 1, NULL, &figures), 0);

	AUTO(database) database = NULL;
	assert_int_equal(database_open(path, NULL, &database), 0);
	query.part = slice_text("evil");
	assert_int_equal(digits_of(database, &query), 13567);
	assert_int_equal(overlay_remove(path), 0);
	assert_int_equal(unlink(path), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_part_is_found_where_it_is_and_nowhere_else),
		cmocka_unit_test(all_that_is_asked_must_fit),
		cmocka_unit_test(who_has_enough_is_told_no_more),
		cmocka_unit_test(overlays_are_searched_and_the_silent_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
