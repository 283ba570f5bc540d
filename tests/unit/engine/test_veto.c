// What the veto set covers is never dropped, whoever lists it and however it is met.
#include <stdlib.h>

#include "tests/unit/engine/build_fixture.h"

static struct entry_terms drop_terms(uint8_t kinds)
{
	struct entry_terms terms = any_terms;

	terms.kinds = kinds;
	return terms;
}

static uint32_t add_indicator(struct build *build, const char *value)
{
	struct indicator indicator = fixture_indicator(value);
	uint32_t id = 0;

	indicator.action = ACTION_DROP;
	assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
	return id;
}

// Adds "192.0.2.0/24", "name", "https://host/path" or a hash of hexadecimal digits.
static void add_value(struct build *build, const char *text)
{
	uint32_t id = add_indicator(build, text);
	uint8_t digest[HASH_BYTES_MAX];
	char url[URL_BYTES_MAX];
	enum hash_algorithm algorithm;
	struct prefix prefix;
	struct url_parts parts;
	bool had_host_bits;
	struct slice value = slice_text(text);

	if (normalize_prefix(value, &prefix, &had_host_bits) == 0) {
		assert_int_equal(build_add_prefix(build, &prefix, id, &any_terms), 0);
	} else if (normalize_hash(value, digest, &algorithm) > 0) {
		assert_int_equal(build_add_hash(build, algorithm,
		                                slice_of(digest, hash_algorithm_bytes[algorithm]),
		                                id),
		                 0);
	} else if (strchr(text, '/') != NULL) {
		int size = normalize_url(value, url, sizeof(url), &parts);
		struct entry_terms terms = drop_terms(ENTRY_EXACT | ENTRY_PREFIX);

		assert_true(size > 0);
		assert_int_equal(
			build_add_url(build,
		                      slice_from(slice_of(url, (size_t)size), parts.key_offset), id,
		                      &terms),
			0);
	} else {
		assert_int_equal(build_add_name(build, value, id, &any_terms), 0);
	}
}

// A database that drops `drops` and whose veto set holds `vetoes`.
static struct database *open_with(const char *const drops[], const char *const vetoes[])
{
	AUTO(build) build = NULL;
	struct build *veto = NULL;

	assert_int_equal(build_create(&build), 0);
	assert_int_equal(build_create(&veto), 0);
	for (unsigned i = 0; drops[i] != NULL; i++)
		add_value(build, drops[i]);
	for (unsigned i = 0; vetoes[i] != NULL; i++)
		add_value(veto, vetoes[i]);
	build_set_veto(build, veto);
	return fixture_open(build);
}

static struct observable observable_of(const char *text)
{
	static uint8_t digest[HASH_BYTES_MAX];
	struct observable observable = {.where = WHERE_HTTP_URL};
	struct slice value = slice_text(text);

	observable.text = value;
	if (normalize_address(value, &observable.address) == 0)
		observable.type = OBSERVABLE_ADDRESS;
	else if (normalize_hash(value, digest, &observable.algorithm) > 0)
		observable.type = OBSERVABLE_HASH;
	else
		observable.type = strchr(text, '/') != NULL ? OBSERVABLE_URL : OBSERVABLE_NAME;
	if (observable.type == OBSERVABLE_HASH)
		observable.text = slice_of(digest, hash_algorithm_bytes[observable.algorithm]);
	return observable;
}

// 'd' dropped, 'v' vetoed, 'a' alert, '-' not met: of the first match.
static char verdict_on(const struct database *database, const char *text)
{
	AUTO(match_context) context = NULL;
	struct observable observable = observable_of(text);
	const struct match *matches;
	struct indicator veto;
	char verdict = '-';

	assert_int_equal(match_context_create(database, &context), 0);
	if (match_find(context, &observable, 1, &matches) > 0) {
		verdict = matches->action == ACTION_DROP ? 'd' : 'a';
		if (matches->is_vetoed) {
			assert_int_equal(matches->action, ACTION_ALERT);
			verdict = 'v';
		}
		assert_int_equal(match_is_vetoed(context, &observable, &veto), verdict == 'v');
	}
	return verdict;
}

struct veto_case {
	const char *veto;
	const char *seen;
	char verdict;
};

static void every_kind_of_drop_meets_every_kind_of_veto(void **state)
{
	static const char *const drops[] = {"bank.example",
	                                    "login.bank.example",
	                                    "example",
	                                    "203.0.113.0/24",
	                                    "203.0.113.7",
	                                    "203.0.113.64/26",
	                                    "2001:db8::/32",
	                                    "2001:db8::7",
	                                    "http://bank.example/x/",
	                                    "http://203.0.113.7/x/",
	                                    "http://[2001:db8::7]/x/",
	                                    "d41d8cd98f00b204e9800998ecf8427e",
	                                    "7.113.0.203.in-addr.arpa",
	                                    NULL};
	static const struct veto_case cases[] = {
		// a name: itself and below, as a name and as a URL's host, never beside or above
		{"bank.example", "bank.example", 'v'},
		{"bank.example", "www.bank.example", 'v'},
		{"bank.example", "login.bank.example", 'v'},
		{"bank.example", "http://bank.example/x/y", 'v'},
		{"login.bank.example", "bank.example", 'd'},
		{"login.bank.example", "www.bank.example", 'd'},
		{"login.bank.example", "a.login.bank.example", 'v'},
		{"notbank.example", "bank.example", 'd'},
		{"ank.example", "bank.example", 'd'},
		{"example", "bank.example", 'v'}, // a single label, too
		{"bank.example", "203.0.113.7", 'd'},
		// a URL: its host
		{"https://bank.example/login", "bank.example", 'v'},
		{"https://bank.example/login", "www.bank.example", 'v'},
		{"https://bank.example/login", "http://bank.example/x/y", 'v'},
		{"http://203.0.113.7:8080/", "203.0.113.7", 'v'},
		{"http://203.0.113.7:8080/", "http://203.0.113.7/x/y", 'v'},
		{"http://203.0.113.7:8080/", "203.0.113.8", 'd'},
		{"http://[2001:db8::7]/", "2001:db8::7", 'v'},
		{"http://[2001:db8::7]/", "http://[2001:db8::7]/x/y", 'v'},
		// an address: itself, whatever prefix covers it
		{"203.0.113.7", "203.0.113.7", 'v'},
		{"203.0.113.7", "203.0.113.8", 'd'},
		{"203.0.113.7", "http://203.0.113.7/x/y", 'v'},
		{"203.0.113.7", "7.113.0.203.in-addr.arpa", 'v'},
		{"2001:db8::7", "2001:db8::7", 'v'},
		{"2001:db8::7", "2001:db8::8", 'd'},
		{"2001:db8::7", "http://[2001:db8::7]/x/y", 'v'},
		// a prefix: all inside, smaller or larger than the one that drops
		{"203.0.113.0/25", "203.0.113.7", 'v'},
		{"203.0.113.0/25", "203.0.113.70", 'v'},
		{"203.0.113.0/25", "203.0.113.200", 'd'},
		{"203.0.113.0/24", "203.0.113.200", 'v'},
		{"203.0.0.0/16", "203.0.113.7", 'v'},
		{"203.0.0.0/16", "http://203.0.113.7/x/y", 'v'},
		{"2001:db8::/16", "2001:db8::8", 'v'},
		{"2001:db8:8000::/33", "2001:db8::8", 'd'},
		{"2001:db8:8000::/33", "2001:db8:8000::8", 'v'},
		{"2001:db8::/120", "http://[2001:db8::7]/x/y", 'v'},
		// a hash: itself
		{"d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e", 'v'},
		{"d41d8cd98f00b204e9800998ecf8427f", "d41d8cd98f00b204e9800998ecf8427e", 'd'},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *const vetoes[] = {cases[i].veto, NULL};
		AUTO(database) database = open_with(drops, vetoes);
		char verdict = verdict_on(database, cases[i].seen);

		if (verdict != cases[i].verdict)
			fail_msg("veto %s, seen %s: %c, not %c", cases[i].veto, cases[i].seen,
			         verdict, cases[i].verdict);
	}
}

static void without_a_veto_set_drops_stay_drops(void **state)
{
	static const char *const drops[] = {"bank.example", "203.0.113.7", NULL};
	static const char *const nothing[] = {NULL};
	AUTO(database) database = open_with(drops, nothing);

	(void)state;
	assert_int_equal(verdict_on(database, "bank.example"), 'd');
	assert_int_equal(verdict_on(database, "203.0.113.7"), 'd');
}

static void a_veto_tells_who_says_so(void **state)
{
	static const char *const drops[] = {"a.bank.example", NULL};
	static const char *const vetoes[] = {"other.example", "bank.example", NULL};
	AUTO(database) database = open_with(drops, vetoes);
	AUTO(match_context) context = NULL;
	struct observable observable = observable_of("http://a.bank.example/");
	struct indicator veto;

	(void)state;
	assert_int_equal(match_context_create(database, &context), 0);
	assert_true(match_is_vetoed(context, &observable, &veto));
	assert_true(slice_is(veto.value, "bank.example"));
	assert_true(match_is_vetoed(context, &observable, NULL));
}

static void a_prefix_is_vetoed_when_all_of_it_is(void **state)
{
	static const char *const drops[] = {"x.example", NULL};
	static const char *const vetoes[] = {"192.0.2.0/24", "198.51.100.7", "2001:db8::/48",
	                                     "2001:db8:1::1", NULL};
	static const struct {
		const char *prefix;
		bool is_vetoed;
	} cases[] = {
		{"192.0.2.0/24", true},      {"192.0.2.128/25", true}, {"192.0.2.1", true},
		{"192.0.2.0/23", false},     {"192.0.3.0/24", false},  {"198.51.100.7", true},
		{"198.51.100.6/31", false},  {"2001:db8::/48", true},  {"2001:db8::/64", true},
		{"2001:db8::1", true},       {"2001:db8::/47", false}, {"2001:db8:1::1", true},
		{"2001:db8:1::/127", false}, {"::/0", false},          {"0.0.0.0/0", false},
	};
	AUTO(database) database = open_with(drops, vetoes);
	AUTO(match_context) context = NULL;

	(void)state;
	assert_int_equal(match_context_create(database, &context), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct prefix prefix;
		bool had_host_bits;

		assert_int_equal(
			normalize_prefix(slice_text(cases[i].prefix), &prefix, &had_host_bits), 0);
		if (match_is_prefix_vetoed(context, &prefix, NULL) != cases[i].is_vetoed)
			fail_msg("%s", cases[i].prefix);
	}
}

static void a_pattern_is_vetoed_by_what_it_met(void **state)
{
	AUTO(build) build = NULL;
	struct build *veto = NULL;
	uint32_t id;
	const char *reason;
	struct entry_terms terms = any_terms;

	(void)state;
	assert_int_equal(build_create(&build), 0);
	assert_int_equal(build_create(&veto), 0);
	id = add_indicator(build, "pattern");
	if (build_check_pattern(OBSERVABLE_URL, PATTERN_LIKE, slice_text("%x%"), &reason) != 0)
		skip(); // built without Hyperscan
	assert_int_equal(build_add_pattern(build, OBSERVABLE_URL, PATTERN_LIKE,
	                                   slice_text("http%/gate.php"), id, &terms, &reason),
	                 0);
	assert_int_equal(build_add_pattern(build, OBSERVABLE_NAME, PATTERN_LIKE,
	                                   slice_text("%bank%"), id, &terms, &reason),
	                 0);
	add_value(veto, "bank.example");
	add_value(veto, "203.0.113.0/24");
	build_set_veto(build, veto);

	AUTO(database) database = fixture_open(build);
	assert_int_equal(verdict_on(database, "http://bank.example/gate.php"), 'v');
	assert_int_equal(verdict_on(database, "http://other.example/gate.php"), 'd');
	assert_int_equal(verdict_on(database, "http://203.0.113.7:81/gate.php"), 'v');
	assert_int_equal(verdict_on(database, "www.bank.example"), 'v');
	assert_int_equal(verdict_on(database, "www.bank2.example"), 'd');
}

static void names_below_what_a_pattern_equals_are_never_dropped(void **state)
{
	AUTO(build) build = NULL;
	const struct entry_terms terms = {.kinds = ENTRY_EXACT | ENTRY_PARENT | ENTRY_BESIDE,
	                                  .action = ACTION_DROP};

	(void)state;
	assert_int_equal(build_create(&build), 0);
	assert_int_equal(build_add_name(build, slice_text("evil.example"),
	                                add_indicator(build, "x"), &terms),
	                 0);

	AUTO(database) database = fixture_open(build);
	assert_int_equal(verdict_on(database, "evil.example"), 'd');
	assert_int_equal(verdict_on(database, "below.evil.example"), 'a');
}

// More lists than are told of: the lowest ids stay, and none of them drops.
static void a_veto_holds_for_all_that_meet_one_observable(void **state)
{
	AUTO(build) build = NULL;
	AUTO(match_context) context = NULL;
	struct build *veto = NULL;
	struct observable observables[2] = {observable_of("bank.example"),
	                                    observable_of("other.example")};
	const struct match *matches;
	unsigned count;

	(void)state;
	assert_int_equal(build_create(&build), 0);
	assert_int_equal(build_create(&veto), 0);
	for (unsigned i = 0; i < MATCHES_PER_OBSERVABLE + 10; i++) {
		add_value(build, "bank.example");
		add_value(build, "other.example");
	}
	add_value(veto, "bank.example");
	build_set_veto(build, veto);

	AUTO(database) database = fixture_open(build);
	assert_int_equal(match_context_create(database, &context), 0);
	count = match_find(context, observables, 2, &matches);
	assert_int_equal(count, 2 * MATCHES_PER_OBSERVABLE);
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(matches[i].is_vetoed, matches[i].observable == 0);
		assert_int_equal(matches[i].action,
		                 matches[i].observable == 0 ? ACTION_ALERT : ACTION_DROP);
	}
}

static void a_name_longer_than_any_entry_is_asked_by_its_end(void **state)
{
	static const char *const drops[] = {"x.example", NULL};
	static const char *const vetoes[] = {"bank.example", NULL};
	AUTO(database) database = open_with(drops, vetoes);
	AUTO(match_context) context = NULL;
	char name[600];
	struct observable observable = {.type = OBSERVABLE_NAME};

	(void)state;
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = i % 2 ? '.' : 'a';
	memcpy(name + sizeof(name) - 12, "bank.example", 12);
	observable.text = slice_of(name, sizeof(name));
	assert_int_equal(match_context_create(database, &context), 0);
	assert_true(match_is_vetoed(context, &observable, NULL));
	observable.text = slice_of(name, sizeof(name) - 1);
	assert_false(match_is_vetoed(context, &observable, NULL));
}

static void a_veto_set_may_be_that_of_another_database(void **state)
{
	static const char *const nothing[] = {NULL};
	static const char *const banks[] = {"bank.example.jp", NULL};
	AUTO(database) other = open_with(nothing, banks);
	AUTO(build) build = NULL;

	(void)state;
	assert_int_equal(build_create(&build), 0);
	add_value(build, "bank.example.jp");
	add_value(build, "evil.example");
	build_share_veto(build, other);

	AUTO(database) database = fixture_open(build);
	assert_int_equal(verdict_on(database, "bank.example.jp"), 'v');
	assert_int_equal(verdict_on(database, "evil.example"), 'd');
}

static void the_veto_set_counts_for_the_build_id(void **state)
{
	static const char *const drops[] = {"x.example", NULL};
	static const char *const one[] = {"a.example", NULL};
	static const char *const two[] = {"b.example", NULL};
	AUTO(database) first = open_with(drops, one);
	AUTO(database) again = open_with(drops, one);
	AUTO(database) other = open_with(drops, two);
	struct database_info infos[3];

	(void)state;
	database_info(first, &infos[0]);
	database_info(again, &infos[1]);
	database_info(other, &infos[2]);
	assert_memory_equal(infos[0].build_id, infos[1].build_id, 32);
	assert_memory_not_equal(infos[0].build_id, infos[2].build_id, 32);
	assert_int_equal(database_verify(first, NULL, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_drop_meets_every_kind_of_veto),
		cmocka_unit_test(without_a_veto_set_drops_stay_drops),
		cmocka_unit_test(a_veto_tells_who_says_so),
		cmocka_unit_test(a_prefix_is_vetoed_when_all_of_it_is),
		cmocka_unit_test(a_pattern_is_vetoed_by_what_it_met),
		cmocka_unit_test(names_below_what_a_pattern_equals_are_never_dropped),
		cmocka_unit_test(a_veto_holds_for_all_that_meet_one_observable),
		cmocka_unit_test(a_name_longer_than_any_entry_is_asked_by_its_end),
		cmocka_unit_test(a_veto_set_may_be_that_of_another_database),
		cmocka_unit_test(the_veto_set_counts_for_the_build_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
