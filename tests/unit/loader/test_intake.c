#include "tests/unit/loader/feed_fixture.h"

#define OBJECT(number, pattern)                                                                    \
	"{\"type\":\"indicator\",\"spec_version\":\"2.1\","                                        \
	"\"id\":\"indicator--00000000-0000-4000-8000-00000000000" number "\","                     \
	"\"created\":\"2024-01-01T00:00:00Z\",\"modified\":\"2024-01-01T00:00:00Z\","              \
	"\"valid_from\":\"2024-01-01T00:00:00Z\",\"pattern_type\":\"stix\",\"pattern\":\"" pattern \
	"\"}\n"

static void read_stix(const char *text, struct feed_fixture *fixture)
{
	feed_fixture_read(slice_text(text), FEED_STIX, fixture);
}

static void read_list(const char *text, struct feed_fixture *fixture)
{
	feed_fixture_read(slice_text(text), FEED_TEXT, fixture);
}

static const struct report_reason *reason_of(const struct feed_fixture *fixture, const char *reason)
{
	const struct report *report = &fixture->summary.report;

	for (unsigned i = 0; i < report->reason_count; i++)
		if (strcmp(report->reasons[i].reason, reason) == 0)
			return &report->reasons[i];
	return NULL;
}

static void stix_like_and_matches_meet_names_and_urls(void **state)
{
	struct feed_fixture fixture;
	enum match_kind kind;

	(void)state;
	read_stix(OBJECT("1", "[domain-name:value LIKE 'ad%.Like.example.com']")
	                  OBJECT("2", "[domain-name:value LIKE 'x_y.example.com']") //
	          OBJECT("3", "[domain-name:value MATCHES '^m[0-9]+\\\\\\\\.example']")
	                  OBJECT("4", "[url:value LIKE 'http://Pre.example.com/a%']") //
	          OBJECT("5", "[url:value LIKE '%/Evil.php']")
	                  OBJECT("6", "[url:value MATCHES 'gate[.]php[?]id=[0-9]+']"),
	          &fixture);
	assert_int_equal(fixture.summary.indicators, 6);
	assert_int_equal(fixture.summary.patterns, 6);
	assert_int_equal(feed_fixture_find(&fixture, "AD7.like.example.com", &kind), 1);
	assert_int_equal(kind, MATCH_PATTERN);
	assert_false(feed_fixture_has(&fixture, "b.ad7.like.example.com"));
	assert_true(feed_fixture_has(&fixture, "xzy.example.com"));
	assert_false(feed_fixture_has(&fixture, "xzzy.example.com"));
	assert_true(feed_fixture_has(&fixture, "m12.example.net"));
	assert_false(feed_fixture_has(&fixture, "m.example.net"));
	assert_true(feed_fixture_has(&fixture, "http://pre.example.com/ab"));
	assert_false(feed_fixture_has(&fixture, "http://pre.example.com/A"));
	assert_true(feed_fixture_has(&fixture, "https://any.example.org/x/Evil.php"));
	assert_false(feed_fixture_has(&fixture, "https://any.example.org/x/evil.php"));
	assert_true(feed_fixture_has(&fixture, "http://any.example.org/gate.php?id=7"));
	assert_false(feed_fixture_has(&fixture, "http://any.example.org/gate.php?id=x"));
	feed_fixture_close(&fixture);
}

static void a_pattern_that_cannot_be_compiled_is_told_with_its_object(void **state)
{
	struct feed_fixture fixture;
	const struct report_reason *reason;

	(void)state;
	read_stix(OBJECT("1", "[domain-name:value MATCHES '(unclosed']")
	                  OBJECT("2", "[url:value LIKE '%']"),
	          &fixture);
	assert_int_equal(fixture.summary.indicators, 0);
	reason = reason_of(&fixture, "pattern cannot be compiled");
	assert_non_null(reason);
	assert_int_equal(reason->count, 2);
	assert_string_equal(reason->examples[0].object,
	                    "indicator--00000000-0000-4000-8000-000000000001");
	assert_non_null(strstr(reason->examples[0].detail, ": (unclosed"));
	assert_string_equal(reason->examples[1].object,
	                    "indicator--00000000-0000-4000-8000-000000000002");
	feed_fixture_close(&fixture);
}

static void only_the_networks_of_an_equality_are_told_as_issubset(void **state)
{
	struct feed_fixture fixture;
	const struct report_reason *reason;

	(void)state;
	read_stix(OBJECT("1", "[ipv4-addr:value IN ('198.18.0.1', '198.18.1.0/24')]")
	                  OBJECT("2", "[ipv4-addr:value = '198.18.2.2/32']") //
	          OBJECT("3", "[ipv6-addr:value = '2001:db9::/32']")
	                  OBJECT("4", "[ipv4-addr:value ISSUBSET '198.18.4.0/24']"),
	          &fixture);
	assert_int_equal(fixture.summary.indicators, 4);
	reason = reason_of(&fixture, "network after = taken as ISSUBSET");
	assert_non_null(reason);
	assert_int_equal(reason->count, 2);
	assert_string_equal(reason->consequence, "kept");
	assert_string_equal(reason->examples[0].detail, "198.18.1.0/24");
	assert_true(feed_fixture_has(&fixture, "198.18.1.77"));
	assert_true(feed_fixture_has(&fixture, "2001:db9:1::1"));
	feed_fixture_close(&fixture);
}

static void a_url_that_no_http_request_asks_for_is_refused(void **state)
{
	struct feed_fixture fixture;
	const struct report_reason *reason;

	(void)state;
	read_list("http://good.example.com/\nftp://evil.example.com/x\nwss://evil.example.com/\n",
	          &fixture);
	assert_int_equal(fixture.summary.indicators, 1);
	reason = reason_of(&fixture, "URL of a scheme other than HTTP's: not matchable yet");
	assert_non_null(reason);
	assert_int_equal(reason->count, 2);
	assert_int_equal(reason->examples[0].line, 2);
	feed_fixture_close(&fixture);
}

static void a_range_is_the_networks_that_make_it_up(void **state)
{
	struct feed_fixture fixture;
	enum match_kind kind;

	(void)state;
	read_list("198.18.1.10-198.18.1.20\n198.18.2.0 - 198.18.2.255 # a comment\n"
	          "198.18.2.0/24\n198.18.1.10-198.18.1.20\n198.18.9.9-198.18.9.1\n"
	          "1.0.0.0-9.255.255.255\n127.0.0.0-127.0.0.9\n2001:db9::1-2001:db9::4\n",
	          &fixture);
	assert_int_equal(fixture.summary.indicators, 3);
	assert_int_equal(fixture.summary.duplicates, 2);
	assert_false(feed_fixture_has(&fixture, "198.18.1.9"));
	for (unsigned i = 10; i <= 20; i++) {
		char address[16];

		snprintf(address, sizeof(address), "198.18.1.%u", i);
		assert_true(feed_fixture_has(&fixture, address));
	}
	assert_false(feed_fixture_has(&fixture, "198.18.1.21"));
	assert_int_equal(feed_fixture_find(&fixture, "198.18.2.77", &kind), 1);
	assert_int_equal(kind, MATCH_PREFIX);
	assert_true(feed_fixture_has(&fixture, "2001:db9::4"));
	assert_false(feed_fixture_has(&fixture, "2001:db9::5"));
	assert_int_equal(reason_of(&fixture, "range too wide")->examples[0].line, 6);
	assert_int_equal(reason_of(&fixture, "loopback address")->examples[0].line, 7);
	assert_int_equal(reason_of(&fixture, "not a name")->examples[0].line, 5);
	feed_fixture_close(&fixture);
}

static void what_is_refused_leaves_no_indicator(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_stix(OBJECT("1", "[ipv4-addr:value = '0.0.0.0/0']")
	                  OBJECT("2", "[domain-name:value = 'co.uk' OR url:value = 'http://']") //
	          OBJECT("3", "[domain-name:value = 'co.uk' OR domain-name:value = 'a.example']"),
	          &fixture);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(reason_of(&fixture, "prefix too wide")->count, 1);
	assert_int_equal(reason_of(&fixture, "public suffix")->count, 2);
	assert_true(feed_fixture_has(&fixture, "a.example"));
	assert_false(feed_fixture_has(&fixture, "8.8.8.8"));
	feed_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stix_like_and_matches_meet_names_and_urls),
		cmocka_unit_test(a_pattern_that_cannot_be_compiled_is_told_with_its_object),
		cmocka_unit_test(only_the_networks_of_an_equality_are_told_as_issubset),
		cmocka_unit_test(a_url_that_no_http_request_asks_for_is_refused),
		cmocka_unit_test(a_range_is_the_networks_that_make_it_up),
		cmocka_unit_test(what_is_refused_leaves_no_indicator),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
