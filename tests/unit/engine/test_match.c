#include <errno.h>

#include "tests/unit/engine/build_fixture.h"

static void a_name_matches_itself_and_what_is_below_it(void **state)
{
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;

	(void)state;
	assert_int_equal(build_create(&build), 0);
	build_add_name(build, slice_text("evil.com"), fixture_add(build, "evil.com"), &any_terms);
	build_add_name(build, slice_text("a.b.evil.com"), fixture_add(build, "x"), &any_terms);
	build_add_name(build, slice_text("12345678.12345678.jp"), fixture_add(build, "y"),
	               &any_terms);
	build_add_name(build, slice_text("localhost"), fixture_add(build, "z"), &any_terms);
	database = fixture_open(build);
	const struct {
		const char *name;
		const char *matches;
	} cases[] = {
		{"evil.com", "1:exact"},
		{"www.evil.com", "1:parent"},
		{"a.b.evil.com", "1:parent 2:exact"},
		{"q.a.b.evil.com", "1:parent 2:parent"},
		{"b.evil.com", "1:parent"},
		{"notevil.com", ""},
		{"evil.com.example", ""},
		{"vil.com", ""},
		{"com", ""},
		{"12345678.12345678.jp", "3:exact"},
		{"w.12345678.12345678.jp", "3:parent"},
		{"12345678.jp", ""},
		{"localhost", "4:exact"},
		{"a.localhost", ""},
		{"", ""},
		{".", ""},
		{"..", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
			fixture_match(database, fixture_text(OBSERVABLE_NAME, cases[i].name)),
			cases[i].matches);
}

// The look-up reads a name's last sixteen bytes at once: its edge is where a label begins.
static void names_match_whatever_the_size_of_their_labels(void **state)
{
	char name[32] = "";
	char below[36];
	(void)state;

	for (size_t size = 1; size < 20; size++) {
		AUTO(build) build = NULL;
		AUTO(database) database = NULL;

		(void)snprintf(name, sizeof(name), "%.*s.example", (int)size,
		               "abcdefghijklmnopqrs");
		(void)snprintf(below, sizeof(below), "x.%s", name);
		assert_int_equal(build_create(&build), 0);
		build_add_name(build, slice_text(name), fixture_add(build, name), &any_terms);
		database = fixture_open(build);
		assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_NAME, name)),
		                    "1:exact");
		assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_NAME, below)),
		                    "1:parent");
	}
}

static void exact_and_parent_can_be_had_apart(void **state)
{
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;
	struct entry_terms exact = any_terms;
	struct entry_terms parent = any_terms;
	struct entry_terms host = any_terms;
	struct observable sni = fixture_text(OBSERVABLE_NAME, "evil.com");

	(void)state;
	exact.kinds = ENTRY_EXACT;
	parent.kinds = ENTRY_PARENT;
	host.kinds = ENTRY_URL_HOST;
	assert_int_equal(build_create(&build), 0);
	build_add_name(build, slice_text("evil.com"), fixture_add(build, "1"), &exact);
	build_add_name(build, slice_text("evil.com"), fixture_add(build, "2"), &parent);
	build_add_name(build, slice_text("evil.com"), fixture_add(build, "3"), &host);
	database = fixture_open(build);
	assert_string_equal(fixture_match(database, sni), "1:exact");
	assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_NAME, "a.evil.com")),
	                    "2:parent");
	sni.where = WHERE_TLS_SNI;
	assert_string_equal(fixture_match(database, sni), "1:exact 3:url-host");
}

static void the_kinds_of_a_name_can_be_asked_for(void **state)
{
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;
	struct entry_terms exact = any_terms;
	struct entry_terms parent = any_terms;
	uint32_t ids[3];

	(void)state;
	exact.kinds = ENTRY_EXACT;
	parent.kinds = ENTRY_PARENT;
	assert_int_equal(build_create(&build), 0);
	for (unsigned i = 0; i < 3; i++)
		ids[i] = fixture_add(build, "any");
	build_add_name(build, slice_text("a.long.name.of.labels.github.io"), ids[0], &exact);
	build_add_name(build, slice_text("evil.com"), ids[1], &exact);
	build_add_name(build, slice_text("evil.com"), ids[1], &parent);
	build_add_name(build, slice_text("evil.com"), ids[2], &parent);
	database = fixture_open(build);
	assert_int_equal(database_name_kinds(database,
	                                     slice_text("a.long.name.of.labels.github.io"), ids[0]),
	                 ENTRY_EXACT);
	assert_int_equal(database_name_kinds(database, slice_text("evil.com"), ids[1]),
	                 ENTRY_EXACT | ENTRY_PARENT);
	assert_int_equal(database_name_kinds(database, slice_text("evil.com"), ids[2]),
	                 ENTRY_PARENT);
	assert_int_equal(database_name_kinds(database, slice_text("evil.com"), ids[0]), 0);
	assert_int_equal(database_name_kinds(database, slice_text("x.evil.com"), ids[1]), 0);
	assert_int_equal(database_name_kinds(database, slice_text(""), ids[1]), 0);
}

static void a_pattern_that_holds_is_told_before_a_parent(void **state)
{
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;
	struct entry_terms below = any_terms;
	uint32_t indicator_id;

	(void)state;
	below.kinds = ENTRY_BELOW;
	assert_int_equal(build_create(&build), 0);
	build_add_name(build, slice_text("like.com"), fixture_add(build, "1"), &below);
	indicator_id = fixture_add(build, "2"); // = 'a.evil.com' OR LIKE '%.evil.com'
	build_add_name(build, slice_text("a.evil.com"), indicator_id, &any_terms);
	build_add_name(build, slice_text("evil.com"), indicator_id, &below);
	database = fixture_open(build);
	assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_NAME, "x.y.like.com")),
	                    "1:pattern");
	assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_NAME, "like.com")), "");
	assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_NAME, "b.a.evil.com")),
	                    "2:pattern");
	assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_NAME, "a.evil.com")),
	                    "2:exact");
}

static void urls_match_whole_or_at_a_cut(void **state)
{
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;
	struct entry_terms exact = any_terms;
	struct entry_terms prefix = any_terms;
	struct entry_terms https = any_terms;

	(void)state;
	exact.kinds = ENTRY_EXACT;
	prefix.kinds = ENTRY_PREFIX;
	https.kinds = ENTRY_EXACT;
	https.schemes = URL_SCHEME_HTTPS;
	assert_int_equal(build_create(&build), 0);
	build_add_url(build, slice_text("evil.com/a/b?c=d"), fixture_add(build, "1"), &exact);
	build_add_url(build, slice_text("evil.com/a/"), fixture_add(build, "2"), &prefix);
	build_add_url(build, slice_text("evil.com/"), fixture_add(build, "3"), &https);
	build_add_url(build, slice_text("evil.com/a/b?"), fixture_add(build, "4"), &prefix);
	database = fixture_open(build);
	const struct {
		const char *url;
		const char *matches;
	} cases[] = {
		{"http://evil.com/a/b?c=d", "1:exact 2:url-prefix 4:url-prefix"},
		{"https://evil.com/a/b?c=d", "1:exact 2:url-prefix 4:url-prefix"},
		{"http://evil.com/a/b", "2:url-prefix"},
		{"http://evil.com/a/", "2:url-prefix"},
		{"http://evil.com/a", ""},
		{"http://evil.com/ab/", ""},
		{"http://evil.com/", ""},
		{"https://evil.com/", "3:exact"},
		{"http://evil.com:8080/a/", ""},
		{"http://", ""},
		{"", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(
			fixture_match(database, fixture_text(OBSERVABLE_URL, cases[i].url)),
			cases[i].matches);
}

// A value whose key is in it as it was received is stored once, another one twice: the answers are
// the same.
static void a_url_is_found_however_it_was_spelled(void **state)
{
	static const char *const spellings[] = {
		"https://evil.com/a?b",
		"http://evil.com/a?b",
		"evil.com/a?b",
		"HTTPS://evil.com/a?b",
		"https://evil.com:443/a?b",
		"hxxps://evil.com/a?b",
		"https://evil.com/a?b/",
		"https://evil.com",
		"https://evil.com./a?b",
		"https://",
		"http://https://evil.com/",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		AUTO(build) build = NULL;
		AUTO(database) database = NULL;
		struct indicator indicator;

		assert_int_equal(build_create(&build), 0);
		uint32_t id = fixture_add(build, spellings[i]);
		build_add_url(build, slice_text("evil.com/a?b"), id, &any_terms);
		build_add_name(build, slice_text("evil.com"), id, &any_terms);
		id = fixture_add(build, "evil.com");
		build_add_name(build, slice_text("evil.com"), id, &any_terms);
		database = fixture_open(build);

		assert_true(database_indicator(database, 1, &indicator));
		assert_true(slice_is(indicator.value, spellings[i]));
		assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_URL,
		                                                         "https://evil.com/a?b")),
		                    "1:exact");
		assert_string_equal(
			fixture_match(database, fixture_text(OBSERVABLE_URL, "https://evil.com/")),
			"");
		assert_string_equal(
			fixture_match(database, fixture_text(OBSERVABLE_NAME, "evil.com")),
			"1:exact 2:exact");
	}
}

static uint64_t file_bytes_of_url(const char *spelled, const char *host, const char *key)
{
	AUTO(build) build = NULL;
	struct build_figures figures;

	assert_int_equal(build_create(&build), 0);
	uint32_t id = fixture_add(build, spelled);
	build_add_url(build, slice_text(key), id, &any_terms);
	build_add_name(build, slice_text(host), id, &any_terms);
	close(fixture_write(build, &figures));
	return figures.file_bytes;
}

static void a_url_that_holds_its_key_and_host_stores_neither(void **state)
{
	char host[129] = {};
	char key[258] = {};
	char spelled[267];

	(void)state;
	memset(host, 'h', sizeof(host) - 1);
	memset(key, 'k', sizeof(key) - 1);
	memcpy(key, host, sizeof(host) - 1);
	key[sizeof(host) - 1] = '/';
	(void)snprintf(spelled, sizeof(spelled), "https://%s", key);
	uint64_t once = file_bytes_of_url(spelled, host, key);
	spelled[4] = 'S';
	assert_true(file_bytes_of_url(spelled, host, key) >= once + 320);
	spelled[4] = 's';
	host[0] = 'x';
	assert_true(file_bytes_of_url(spelled, host, key) >= once + 128);
}

static void all_covering_networks_are_told(void **state)
{
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;
	const char *const values[] = {"10.0.0.0/8",    "10.1.0.0/16",     "10.1.2.3",
	                              "10.1.2.0/24",   "0.0.0.0/0",       "255.255.255.0/24",
	                              "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::1",
	                              "2000::/3",      "2001:db8:1::/64"};

	(void)state;
	assert_int_equal(build_create(&build), 0);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		fixture_add_prefix(build, values[i], fixture_add(build, values[i]), &any_terms);
	database = fixture_open(build);
	const struct {
		const char *address;
		const char *matches;
	} cases[] = {
		{"10.1.2.3", "1:prefix 2:prefix 3:exact 4:prefix 5:prefix"},
		{"10.1.3.3", "1:prefix 2:prefix 5:prefix"},
		{"11.0.0.0", "5:prefix"},
		{"9.255.255.255", "5:prefix"},
		{"255.255.255.255", "5:prefix 6:prefix"},
		{"2001:db8:1::1", "7:prefix 8:prefix 9:exact 10:prefix 11:prefix"},
		{"2001:db8:1:1::1", "7:prefix 8:prefix 10:prefix"},
		{"2001:db9::", "10:prefix"},
		{"4000::", ""},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_string_equal(fixture_match(database, fixture_address(cases[i].address)),
		                    cases[i].matches);
}

static void an_entry_with_a_port_wants_that_port(void **state)
{
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;
	struct entry_terms terms = any_terms;
	struct observable observable = fixture_address("192.0.2.1");

	(void)state;
	terms.port = 443;
	assert_int_equal(build_create(&build), 0);
	fixture_add_prefix(build, "192.0.2.1", fixture_add(build, "a"), &terms);
	terms.port = 80;
	terms.protocol = 6;
	fixture_add_prefix(build, "192.0.2.1", fixture_add(build, "b"), &terms);
	database = fixture_open(build);
	assert_string_equal(fixture_match(database, observable), "");
	observable.port = 443;
	assert_string_equal(fixture_match(database, observable), "1:exact");
	observable.port = 80;
	observable.protocol = 17;
	assert_string_equal(fixture_match(database, observable), "");
	observable.protocol = 6;
	assert_string_equal(fixture_match(database, observable), "2:exact");
}

static void the_action_is_the_weaker_of_indicator_and_terms(void **state)
{
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;
	AUTO(match_context) context = NULL;
	struct entry_terms terms = any_terms;
	struct observable observable = fixture_address("192.0.2.1");
	const struct match *matches;

	(void)state;
	terms.action = ACTION_LOG;
	assert_int_equal(build_create(&build), 0);
	fixture_add_prefix(build, "192.0.2.1", fixture_add(build, "a"), &terms);
	fixture_add_prefix(build, "192.0.2.1", fixture_add(build, "b"), &any_terms);
	database = fixture_open(build);
	assert_int_equal(match_context_create(database, &context), 0);
	assert_int_equal(match_find(context, &observable, 1, &matches), 2);
	assert_int_equal(matches[0].action, ACTION_LOG);
	assert_int_equal(matches[1].action, ACTION_ALERT);
}

static void hashes_match_by_algorithm(void **state)
{
	static const size_t sizes[] = {16, 20, 32, 64};
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;
	uint8_t digest[HASH_BYTES_MAX];

	(void)state;
	memset(digest, 7, sizeof(digest));
	assert_int_equal(build_create(&build), 0);
	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++)
		assert_int_equal(build_add_hash(build, (enum hash_algorithm)i,
		                                slice_of(digest, sizes[i]),
		                                fixture_add(build, "h")),
		                 0);
	database = fixture_open(build);
	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++) {
		struct observable observable = {.type = OBSERVABLE_HASH,
		                                .algorithm = (enum hash_algorithm)i,
		                                .text = slice_of(digest, sizes[i])};
		char expected[16];

		snprintf(expected, sizeof(expected), "%u:exact", i + 1);
		assert_string_equal(fixture_match(database, observable), expected);
		observable.text.size--;
		assert_string_equal(fixture_match(database, observable), "");
	}
}

static void withdrawn_indicators_match_nothing(void **state)
{
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;
	struct indicator indicator;
	uint32_t gone;

	(void)state;
	assert_int_equal(build_create(&build), 0);
	gone = fixture_add(build, "evil.com");
	build_add_name(build, slice_text("evil.com"), gone, &any_terms);
	build_add_name(build, slice_text("evil.com"), fixture_add(build, "2"), &any_terms);
	build_add_name(build, slice_text("gone.com"), gone, &any_terms);
	build_withdraw_indicator(build, gone);
	database = fixture_open(build);
	assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_NAME, "evil.com")),
	                    "2:exact");
	assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_NAME, "gone.com")), "");
	assert_false(database_indicator(database, gone, &indicator));
}

static void too_many_matches_are_counted(void **state)
{
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;
	AUTO(match_context) context = NULL;
	struct observable observables[2] = {fixture_text(OBSERVABLE_NAME, "x.evil.com"),
	                                    fixture_text(OBSERVABLE_NAME, "good.com")};
	const struct match *matches;
	struct match_limits limits;

	(void)state;
	assert_int_equal(build_create(&build), 0);
	for (unsigned i = 0; i < 1000; i++)
		build_add_name(build, slice_text("evil.com"), fixture_add(build, "evil.com"),
		               &any_terms);
	build_add_name(build, slice_text("good.com"), fixture_add(build, "good.com"), &any_terms);
	database = fixture_open(build);
	assert_int_equal(match_context_create(database, &context), 0);
	assert_int_equal(match_find(context, observables, 2, &matches), MATCHES_PER_OBSERVABLE + 1);
	assert_int_equal(matches[0].indicator_id, 1);
	assert_int_equal(matches[MATCHES_PER_OBSERVABLE].observable, 1);
	match_context_limits(context, &limits);
	assert_int_equal(limits.matches_left_out, 1000 - MATCHES_PER_OBSERVABLE);
}

static void add_with_action(struct build *build, const char *name, enum action action)
{
	struct indicator indicator = fixture_indicator(name);
	uint32_t id = 0;

	indicator.action = action;
	assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
	build_add_name(build, slice_text(name), id, &any_terms);
}

// What one feed lists a thousand times must not hide what another one drops.
static void a_drop_is_never_cut_by_weaker_matches(void **state)
{
	static const unsigned counts[] = {MATCHES_PER_OBSERVABLE, 1000};
	struct observable observables[2] = {fixture_text(OBSERVABLE_NAME, "x.evil.com"),
	                                    fixture_text(OBSERVABLE_NAME, "good.com")};

	(void)state;
	for (size_t c = 0; c < sizeof(counts) / sizeof(counts[0]); c++) {
		AUTO(build) build = NULL;
		AUTO(database) database = NULL;
		AUTO(match_context) context = NULL;
		const struct match *matches;
		unsigned drops = 0;

		assert_int_equal(build_create(&build), 0);
		for (unsigned i = 0; i < counts[c]; i++)
			add_with_action(build, "evil.com", ACTION_ALERT);
		for (unsigned i = 0; i < 3; i++)
			add_with_action(build, "evil.com", ACTION_DROP);
		add_with_action(build, "good.com", ACTION_DROP);
		database = fixture_open(build);
		assert_int_equal(match_context_create(database, &context), 0);
		assert_int_equal(match_find(context, observables, 2, &matches),
		                 MATCHES_PER_OBSERVABLE + 1);
		for (unsigned i = 0; i < MATCHES_PER_OBSERVABLE; i++) {
			drops += matches[i].action == ACTION_DROP;
			assert_true(i == 0 ||
			            matches[i - 1].indicator_id < matches[i].indicator_id);
		}
		assert_int_equal(drops, 3);
		assert_int_equal(matches[MATCHES_PER_OBSERVABLE].action, ACTION_DROP);
	}
}

static void patterns_match_names_and_urls(void **state)
{
	AUTO(build) build = NULL;
	AUTO(database) database = NULL;
	const char *reason = NULL;

	(void)state;
	assert_int_equal(build_create(&build), 0);
	assert_int_equal(build_add_pattern(build, OBSERVABLE_NAME, PATTERN_LIKE,
	                                   slice_text("evil%.com"), fixture_add(build, "1"),
	                                   &any_terms, &reason),
	                 0);
	assert_int_equal(build_add_pattern(build, OBSERVABLE_URL, PATTERN_MATCHES,
	                                   slice_text("/gate[0-9]+\\.php$"),
	                                   fixture_add(build, "2"), &any_terms, &reason),
	                 0);
	assert_int_equal(build_add_pattern(build, OBSERVABLE_NAME, PATTERN_LIKE,
	                                   slice_text("evil%.com"), fixture_add(build, "3"),
	                                   &any_terms, &reason),
	                 0);
	assert_int_equal(build_add_pattern(build, OBSERVABLE_NAME, PATTERN_MATCHES,
	                                   slice_text("(unclosed"), 1, &any_terms, &reason),
	                 -EINVAL);
	assert_non_null(reason);
	database = fixture_open(build);
	assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_NAME, "evil-1.com")),
	                    "1:pattern 3:pattern");
	assert_string_equal(fixture_match(database, fixture_text(OBSERVABLE_NAME, "a.evil.com")),
	                    "");
	assert_string_equal(
		fixture_match(database, fixture_text(OBSERVABLE_URL, "http://a.b/gate12.php")),
		"2:pattern");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_matches_itself_and_what_is_below_it),
		cmocka_unit_test(names_match_whatever_the_size_of_their_labels),
		cmocka_unit_test(exact_and_parent_can_be_had_apart),
		cmocka_unit_test(the_kinds_of_a_name_can_be_asked_for),
		cmocka_unit_test(a_pattern_that_holds_is_told_before_a_parent),
		cmocka_unit_test(urls_match_whole_or_at_a_cut),
		cmocka_unit_test(a_url_is_found_however_it_was_spelled),
		cmocka_unit_test(a_url_that_holds_its_key_and_host_stores_neither),
		cmocka_unit_test(all_covering_networks_are_told),
		cmocka_unit_test(an_entry_with_a_port_wants_that_port),
		cmocka_unit_test(the_action_is_the_weaker_of_indicator_and_terms),
		cmocka_unit_test(hashes_match_by_algorithm),
		cmocka_unit_test(withdrawn_indicators_match_nothing),
		cmocka_unit_test(too_many_matches_are_counted),
		cmocka_unit_test(a_drop_is_never_cut_by_weaker_matches),
		cmocka_unit_test(patterns_match_names_and_urls),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
