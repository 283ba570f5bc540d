// What is protected is never dropped, whoever lists it, in whatever spelling.
#include "tests/unit/loader/compile_fixture.h"

// Everything that a feed may say of the site under attack, its parents, nets and addresses.
static const char hostile_list[] = "bank.example.jp\n"
				   "www.bank.example.jp\n"
				   "*.bank.example.jp\n"
				   "example.jp\n"
				   "192.0.2.80\n"
				   "192.0.2.80:443\n"
				   "192.0.2.0/24\n"
				   "192.0.2.64-192.0.2.95\n"
				   "2001:db8::80\n"
				   "2001:db8::/32\n"
				   "http://bank.example.jp/login\n"
				   "https://www.bank.example.jp/login\n"
				   "http://bank.example.jp/*\n"
				   "http://192.0.2.80/login\n"
				   "bank*.example.jp\n"
				   "control.example\n"
				   "198.51.100.1\n";
static const char *const protected_values[] = {
	"bank.example.jp",
	"www.bank.example.jp",
	"deep.www.bank.example.jp",
	"192.0.2.80",
	"2001:db8::80",
	"http://bank.example.jp/login",
	"https://www.bank.example.jp/login",
	"http://bank.example.jp/other",
	"http://192.0.2.80/login",
};
static const char protected_list[] = "bank.example.jp\n192.0.2.80\n2001:db8::80\n";

static void assert_protected(struct compile_fixture *fixture)
{
	for (size_t i = 0; i < sizeof(protected_values) / sizeof(protected_values[0]); i++) {
		char action = compile_fixture_action(fixture, protected_values[i]);

		if (action == 'd' || action == '-')
			fail_msg("%s: '%c'", protected_values[i], action);
	}
	compile_fixture_assert(fixture, "control.example", 'd');
	compile_fixture_assert(fixture, "198.51.100.1", 'd');
	compile_fixture_assert(fixture, "other.example.jp", 'd'); // beside what is protected
	compile_fixture_assert(fixture, "192.0.2.81", 'd');
	assert_true(fixture->result.vetoed > 0);
}

static void deliver_hostile(struct compile_fixture *fixture)
{
	static const char *const groups[] = {"AIS", "C2", "BKMW_CONF", "BKMW_MANU", "BLOCKLIST"};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		compile_fixture_deliver(
			fixture,
			compile_fixture_source(fixture, groups[i], groups[i], SOURCE_INDICATORS),
			hostile_list);
}

static void what_is_under_attack_is_never_dropped_whoever_lists_it(void **state)
{
	struct compile_fixture fixture;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP);
	deliver_hostile(&fixture);
	compile_fixture_deliver(
		&fixture,
		compile_fixture_source(&fixture, "attacked", "BKMW_ATTK", SOURCE_INDICATORS),
		protected_list);
	compile_fixture_base(&fixture);
	assert_protected(&fixture);
	compile_fixture_close(&fixture);
}

static void what_is_known_benign_is_never_dropped_whoever_lists_it(void **state)
{
	const struct feed_options benign = {.format = FEED_TEXT, .is_known_benign = true};
	struct compile_fixture fixture;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP);
	deliver_hostile(&fixture);
	compile_fixture_deliver_as(
		&fixture, compile_fixture_source(&fixture, "benign", NULL, SOURCE_KNOWN_BENIGN),
		&benign, protected_list);
	compile_fixture_base(&fixture);
	assert_protected(&fixture);
	compile_fixture_close(&fixture);
}

static void a_benign_list_of_an_ordinary_source_counts_too(void **state)
{
	const struct feed_options benign = {.format = FEED_TEXT, .is_known_benign = true};
	struct compile_fixture fixture;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP);
	deliver_hostile(&fixture);
	compile_fixture_deliver_as(
		&fixture, compile_fixture_source(&fixture, "benign", "C2", SOURCE_INDICATORS),
		&benign, protected_list);
	compile_fixture_base(&fixture);
	assert_protected(&fixture);
	compile_fixture_close(&fixture);
}

static void what_is_ones_own_is_never_dropped_whoever_lists_it(void **state)
{
	static const char *const names[] = {"bank.example.jp"};
	static const char *const networks[] = {"192.0.2.80", "2001:db8::80/128"};
	struct compile_fixture fixture;
	struct prefix prefixes[2];
	bool had_host_bits;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(
			normalize_prefix(slice_text(networks[i]), &prefixes[i], &had_host_bits), 0);
	fixture.config.own_networks = prefixes;
	fixture.config.own_network_count = 2;
	fixture.config.own_names = names;
	fixture.config.own_name_count = 1;
	deliver_hostile(&fixture);
	compile_fixture_base(&fixture);
	assert_protected(&fixture);
	compile_fixture_close(&fixture);
}

// Of three that should protect: one was read, one is empty, one was never reached.
static void a_protecting_list_without_values_is_told(void **state)
{
	const struct source_config sources[] = {
		{.name = "full", .role = SOURCE_KNOWN_BENIGN, .is_enabled = true},
		{.name = "empty", .role = SOURCE_ATTACKED, .is_enabled = true},
		{.name = "never", .role = SOURCE_KNOWN_BENIGN, .is_enabled = true},
		{.name = "off", .role = SOURCE_KNOWN_BENIGN},
		{.name = "feed", .role = SOURCE_INDICATORS, .is_enabled = true},
	};
	struct compile_fixture fixture;
	const struct report_reason *reason;

	(void)state;
	compile_fixture_open(&fixture);
	compile_fixture_row(&fixture, ACTION_DROP);
	fixture.config.sources = sources;
	fixture.config.source_count = 5;
	compile_fixture_deliver(&fixture,
	                        compile_fixture_source(&fixture, "full", NULL, SOURCE_KNOWN_BENIGN),
	                        protected_list);
	(void)compile_fixture_source(&fixture, "empty", NULL, SOURCE_ATTACKED);
	compile_fixture_base(&fixture);
	assert_int_equal(fixture.result.report.reason_count, 1);
	reason = &fixture.result.report.reasons[0];
	assert_int_equal(reason->count, 2);
	assert_string_equal(reason->examples[0].object, "empty");
	assert_string_equal(reason->examples[1].object, "never");
	compile_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_under_attack_is_never_dropped_whoever_lists_it),
		cmocka_unit_test(what_is_known_benign_is_never_dropped_whoever_lists_it),
		cmocka_unit_test(a_benign_list_of_an_ordinary_source_counts_too),
		cmocka_unit_test(what_is_ones_own_is_never_dropped_whoever_lists_it),
		cmocka_unit_test(a_protecting_list_without_values_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
