#include "tests/unit/loader/feed_fixture.h"

#include "base/buffer.h"
#include "loader/reader.h"

static void read_list(const char *text, struct feed_fixture *fixture)
{
	feed_fixture_read(slice_text(text), FEED_TEXT, fixture);
}

static void each_line_is_a_value_of_its_own_kind(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_list("\xef\xbb\xbf# a list\r\n"
	          "198.51.100.1\r\n"
	          "\r\n"
	          "198.51.101.0/24 # a trailing comment\n"
	          "hxxp://bad[.]example.net/x\n"
	          "\"evil.example.com\"\n"
	          "44d88612fea8a8f36de82e1278abb02f\t10\n"
	          "2001:db8:1::1,some,columns\n"
	          "||blocked.example.org^\n"
	          "address=/masq.example.org/0.0.0.0\n"
	          "*.wild.example.org",
	          &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.indicators, 9);
	assert_int_equal(fixture.summary.values[OBSERVABLE_ADDRESS], 3);
	assert_int_equal(fixture.summary.values[OBSERVABLE_NAME], 4);
	assert_int_equal(fixture.summary.values[OBSERVABLE_URL], 1);
	assert_int_equal(fixture.summary.values[OBSERVABLE_HASH], 1);
	assert_true(feed_fixture_has(&fixture, "198.51.100.1"));
	assert_true(feed_fixture_has(&fixture, "198.51.101.77"));
	assert_true(feed_fixture_has(&fixture, "http://bad.example.net/x"));
	assert_true(feed_fixture_has(&fixture, "sub.evil.example.com"));
	assert_true(feed_fixture_has(&fixture, "blocked.example.org"));
	assert_true(feed_fixture_has(&fixture, "masq.example.org"));
	assert_true(feed_fixture_has(&fixture, "wild.example.org"));
	assert_true(feed_fixture_has(&fixture, "a.wild.example.org"));
	assert_false(feed_fixture_has(&fixture, "notevil.example.com"));
	feed_fixture_close(&fixture);
}

static void a_record_keeps_the_value_as_received_and_its_line(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_list("# one\n\nEvil[.]Example.COM\n", &fixture);

	struct indicator indicator = feed_fixture_indicator(&fixture, 1);
	assert_true(slice_is(indicator.value, "Evil[.]Example.COM"));
	assert_int_equal(indicator.line, 3);
	assert_true(slice_is(indicator.source, "test"));
	assert_int_equal(indicator.id.size, 0);
	feed_fixture_close(&fixture);
}

static void duplicates_are_counted_and_added_once(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_list("evil.example.com\nEVIL.example.com.\n198.51.100.1\n198.51.100.1/32\n"
	          "198.51.100.1:80\nhttp://a.example/\nhttp://A.example:80\nhttps://a.example/\n",
	          &fixture);
	assert_int_equal(fixture.summary.objects, 8);
	assert_int_equal(fixture.summary.indicators, 5);
	assert_int_equal(fixture.summary.duplicates, 3);
	feed_fixture_close(&fixture);
}

static void what_is_not_taken_is_told_with_its_line(void **state)
{
	static const char text[] = "good.example.com\n"
				   "not a value at all!\n"
				   "some\0thing.example.com\n"
				   "bad\xff.example.com\n"
				   "co.uk\n"
				   "localhost\n"
				   "0.0.0.0/0\n"
				   "user@example.com\n"
				   "0.0.0.0-9.255.255.255\n"
				   "192.0.2.16/8\n"
				   "d41d8cd98f00b204e9800998ecf8427e\n";
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_of(text, sizeof(text) - 1), FEED_TEXT, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(feed_fixture_problems(&fixture, "NUL byte in a line"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "line is not valid UTF-8"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "public suffix"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "single label"), 2);
	assert_int_equal(feed_fixture_problems(&fixture, "prefix too wide"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "range too wide"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "e-mail address: not matchable yet"), 1);
	assert_int_equal(
		feed_fixture_problems(&fixture, "large network with host bits: perhaps a URL"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "hash of the empty file"), 1);
	assert_int_equal(fixture.summary.report.reasons[0].examples[0].line, 2);
	feed_fixture_close(&fixture);
}

static void an_overlong_line_does_not_stop_the_list(void **state)
{
	size_t size = 3 * 64 * 1024;
	char *text = malloc(size);
	struct feed_fixture fixture;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', size);
	memcpy(text + size - 18, "\nevil.example.com\n", 18);
	feed_fixture_read(slice_of(text, size), FEED_TEXT, &fixture);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(feed_fixture_problems(&fixture, "line too long"), 1);
	feed_fixture_close(&fixture);
	free(text);
}

static void urls_with_a_star_are_prefixes_that_end_at_a_cut(void **state)
{
	struct feed_fixture fixture;
	enum match_kind kind;

	(void)state;
	read_list("http://a.example/path/*\nhttp://b.example*\nhttp://c.example/x?*\n", &fixture);
	assert_int_equal(fixture.summary.values[OBSERVABLE_URL], 3);
	assert_int_equal(feed_fixture_find(&fixture, "http://a.example/path/deep/er?q", &kind), 1);
	assert_int_equal(kind, MATCH_URL_PREFIX);
	assert_true(feed_fixture_has(&fixture, "http://a.example/path/"));
	assert_false(feed_fixture_has(&fixture, "http://a.example/pathway"));
	assert_false(feed_fixture_has(&fixture, "https://a.example/path/x"));
	assert_true(feed_fixture_has(&fixture, "http://b.example/any"));
	assert_false(feed_fixture_has(&fixture, "http://b.example.org/"));
	assert_true(feed_fixture_has(&fixture, "http://c.example/x?y=1"));
	feed_fixture_close(&fixture);
}

static void an_https_url_names_its_host_for_sni_only(void **state)
{
	struct feed_fixture fixture;
	enum match_kind kind;

	(void)state;
	read_list("https://shop.example/login\nhttp://plain.example/login\n"
	          "https://198.51.100.1/x\n",
	          &fixture);

	const struct match *matches;
	struct observable sni = {
		.type = OBSERVABLE_NAME,
		.where = WHERE_TLS_SNI,
		.text = slice_text("shop.example"),
	};
	assert_int_equal(match_find(fixture.context, &sni, 1, &matches), 1);
	assert_int_equal(matches[0].kind, MATCH_URL_HOST);
	assert_int_equal(matches[0].action, ACTION_LOG);
	sni.where = WHERE_DNS_QUERY;
	assert_int_equal(match_find(fixture.context, &sni, 1, &matches), 0);
	assert_false(feed_fixture_has(&fixture, "plain.example"));
	assert_false(feed_fixture_has(&fixture, "198.51.100.1"));
	assert_int_equal(feed_fixture_find(&fixture, "https://shop.example/login", &kind), 1);
	feed_fixture_close(&fixture);
}

static void a_private_suffix_matches_exactly_only(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_list("github.io\nuser.github.io\n", &fixture);
	assert_true(feed_fixture_has(&fixture, "github.io"));
	assert_false(feed_fixture_has(&fixture, "someone.github.io"));
	assert_true(feed_fixture_has(&fixture, "www.user.github.io"));
	feed_fixture_close(&fixture);
}

static void an_address_with_a_port_fits_that_port_only(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_list("198.51.100.1:8080\n[2001:db8::1]:443\n", &fixture);
	assert_int_equal(fixture.summary.values[OBSERVABLE_ADDRESS], 2);
	assert_true(feed_fixture_has(&fixture, "198.51.100.1:8080"));
	assert_false(feed_fixture_has(&fixture, "198.51.100.1:80"));
	assert_true(feed_fixture_has(&fixture, "[2001:db8::1]:443"));
	feed_fixture_close(&fixture);
}

// More than fits between the threads at once, with everything that makes them wait.
static void a_long_list_keeps_its_order(void **state)
{
	enum { LINES = 20 * 1000, REFUSED_EVERY = 100, TWICE_EVERY = 7, PATTERN_EVERY = 1000 };
	struct buffer list = {};
	struct feed_fixture fixture;
	uint64_t last_line = 0;

	(void)state;
	for (unsigned i = 0; i < LINES; i++) {
		if (i % REFUSED_EVERY == 0)
			buffer_format(&list, "not a value %u\n", i);
		else if (i % PATTERN_EVERY == 1)
			buffer_format(&list, "a*%u.example.org\n", i);
		else
			buffer_format(&list, "n%u.example.org\n", i % TWICE_EVERY == 0 ? i - 1 : i);
	}
	feed_fixture_read(buffer_slice(&list), FEED_TEXT, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.objects, LINES);
	assert_true(fixture.summary.duplicates > LINES / TWICE_EVERY - LINES / REFUSED_EVERY);
	for (uint32_t id = 1; id <= fixture.summary.indicators; id++) {
		struct indicator indicator = feed_fixture_indicator(&fixture, id);
		unsigned i = (unsigned)indicator.line - 1;
		char spelled[32];

		assert_true(indicator.line > last_line);
		last_line = indicator.line;
		snprintf(spelled, sizeof(spelled), "n%u.example.org",
		         i % TWICE_EVERY == 0 ? i - 1 : i);
		assert_true(i % PATTERN_EVERY == 1 || slice_is(indicator.value, spelled));
	}
	feed_fixture_close(&fixture);
	buffer_close(&list);
}

static bool recognises(const char *head)
{
	return read_text.recognises(slice_text(head));
}

static void lists_are_told_from_prose_and_from_other_formats(void **state)
{
	(void)state;
	assert_true(recognises("# c\n198.51.100.1\nevil.example.com\n"));
	assert_false(recognises("All your files are encrypted.\nPay us 5 BTC.\n"));
	assert_false(recognises(""));
}

static void a_second_address_in_a_line_is_told(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_list("198.18.1.0\t198.18.1.255\t24\n198.18.2.1,198.18.2.9\n198.18.3.1 8\n"
	          "198.18.4.1\n198.18.5.1 # 198.18.5.2\n",
	          &fixture);
	assert_int_equal(fixture.summary.indicators, 5);
	assert_int_equal(feed_fixture_problems(&fixture, "two addresses in a line"), 2);
	assert_int_equal(fixture.summary.report.count, 2);
	assert_false(feed_fixture_has(&fixture, "198.18.1.255"));
	feed_fixture_close(&fixture);
}

static void lists_for_firewalls_are_text(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("*.evil.example.com/\nevil.example.net/\n"
	                             "198.51.100.1-198.51.100.3 a range\n"
	                             "203.0.113.0/24 # a network\nevil.example.org/a/\n"),
	                  FEED_TEXT, &fixture);
	assert_int_equal(fixture.summary.indicators, 5);
	assert_true(feed_fixture_has(&fixture, "www.evil.example.com"));
	assert_true(feed_fixture_has(&fixture, "http://evil.example.net/"));
	assert_true(feed_fixture_has(&fixture, "198.51.100.2"));
	assert_true(feed_fixture_has(&fixture, "https://evil.example.org/a/"));
	feed_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_for_firewalls_are_text),
		cmocka_unit_test(each_line_is_a_value_of_its_own_kind),
		cmocka_unit_test(a_record_keeps_the_value_as_received_and_its_line),
		cmocka_unit_test(duplicates_are_counted_and_added_once),
		cmocka_unit_test(what_is_not_taken_is_told_with_its_line),
		cmocka_unit_test(a_second_address_in_a_line_is_told),
		cmocka_unit_test(an_overlong_line_does_not_stop_the_list),
		cmocka_unit_test(urls_with_a_star_are_prefixes_that_end_at_a_cut),
		cmocka_unit_test(an_https_url_names_its_host_for_sni_only),
		cmocka_unit_test(a_private_suffix_matches_exactly_only),
		cmocka_unit_test(an_address_with_a_port_fits_that_port_only),
		cmocka_unit_test(a_long_list_keeps_its_order),
		cmocka_unit_test(lists_are_told_from_prose_and_from_other_formats),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
