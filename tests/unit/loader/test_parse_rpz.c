#include "tests/unit/loader/feed_fixture.h"

#include "base/buffer.h"
#include "loader/reader.h"

static void triggers_of_a_zone_are_taken(void **state)
{
	struct feed_fixture fixture;
	enum match_kind kind;

	(void)state;
	feed_fixture_read(slice_text("; a zone\n$TTL 1h\n$ORIGIN rpz.example.\n"
	                             "@ 3600 IN SOA ns.example. admin.example. (\n"
	                             "   2024010101 ; serial\n   3600 600 86400 60 )\n"
	                             "  IN NS localhost.\n"
	                             "evil.example.com CNAME .\n"
	                             "*.bad.example.net 60 IN CNAME *.\n"
	                             "garden.example.org IN A 192.0.2.1\n"
	                             "                   IN AAAA 2001:db8::1\n"
	                             "drop.example.com.rpz.example. CNAME rpz-drop.\n"
	                             "32.7.100.51.198.rpz-ip CNAME .\n"
	                             "24.0.113.0.203.rpz-ip CNAME rpz-drop.\n"
	                             "128.57.zz.2.2001.rpz-ip CNAME .\n"
	                             "32.zz.db9.2001.rpz-ip CNAME .\n"),
	                  FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.format, FEED_RPZ);
	assert_int_equal(feed_fixture_problems(&fixture, "broken record"), 0);
	assert_int_equal(feed_fixture_problems(&fixture, "name outside the zone"), 0);
	assert_int_equal(fixture.summary.objects, 9);
	assert_int_equal(fixture.summary.duplicates, 1); // A and AAAA of one name
	assert_int_equal(fixture.summary.indicators, 8);
	assert_true(feed_fixture_has(&fixture, "evil.example.com"));
	assert_false(feed_fixture_has(&fixture, "www.evil.example.com"));
	assert_int_equal(feed_fixture_find(&fixture, "www.bad.example.net", &kind), 1);
	assert_int_equal(kind, MATCH_PARENT);
	assert_true(feed_fixture_has(&fixture, "drop.example.com"));
	assert_true(feed_fixture_has(&fixture, "198.51.100.7"));
	assert_true(feed_fixture_has(&fixture, "203.0.113.200"));
	assert_true(feed_fixture_has(&fixture, "2001:2::57"));
	assert_true(feed_fixture_has(&fixture, "2001:db9:1::1"));
	assert_true(slice_is(feed_fixture_indicator(&fixture, 1).labels, "rpz:nxdomain"));
	assert_true(slice_is(feed_fixture_indicator(&fixture, 1).value, "evil.example.com"));
	assert_int_equal(feed_fixture_indicator(&fixture, 1).line, 8);
	assert_true(slice_is(feed_fixture_indicator(&fixture, 3).labels, "rpz:local-data"));
	feed_fixture_close(&fixture);
}

static void what_is_not_matched_or_let_pass_is_told(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("rpz.example. IN SOA a. b. 1 2 3 4 5\n"
	                             "$ORIGIN com.rpz.example.\n"
	                             "good.example CNAME rpz-passthru.\n"
	                             "old.example CNAME old.example.com.\n"
	                             "ns.example.rpz-nsdname.rpz.example. CNAME .\n"
	                             "32.1.100.51.198.rpz-nsip.rpz.example. CNAME .\n"
	                             "32.1.100.51.198.rpz-client-ip.rpz.example. CNAME .\n"
	                             "zz.rpz-ip.rpz.example. CNAME .\n"
	                             "other.example. CNAME .\n"
	                             "@ A 192.0.2.1\n$INCLUDE more.zone\n$ORIGIN\n"
	                             "evil CNAME ( .\n ) ; ends here\nevil\n"
	                             "e\\.vil CNAME .\n x ( CNAME\n"),
	                  FEED_RPZ, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.known_benign, 2);
	assert_int_equal(feed_fixture_problems(&fixture, "known-benign exception (passthru)"), 2);
	assert_int_equal(feed_fixture_problems(
				 &fixture, "rpz-nsdname: names of name servers are not matched"),
	                 1);
	assert_int_equal(feed_fixture_problems(
				 &fixture, "rpz-nsip: addresses of name servers are not matched"),
	                 1);
	assert_int_equal(feed_fixture_problems(&fixture, "rpz-client-ip: clients are not matched"),
	                 1);
	assert_int_equal(feed_fixture_problems(&fixture, "not an encoded network"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "name outside the zone"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "directive that is not followed"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "broken record"), 3);
	assert_int_equal(feed_fixture_problems(&fixture, "not a name"), 1);
	assert_true(feed_fixture_has(&fixture, "evil.com"));
	assert_false(feed_fixture_has(&fixture, "good.example.com"));
	feed_fixture_close(&fixture);
}

static void a_zone_that_does_not_tell_its_name_is_read(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("$TTL 60\n@ SOA localhost. root.localhost. 1 2 3 4 5\n"
	                             "  NS localhost.\nevil.example.com CNAME .\n"),
	                  FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.format, FEED_RPZ);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_true(feed_fixture_has(&fixture, "evil.example.com"));
	feed_fixture_close(&fixture);
}

static void a_record_that_is_too_long_costs_itself(void **state)
{
	struct feed_fixture fixture;
	struct buffer text = {0};

	(void)state;
	buffer_append_text(&text, "@ SOA a. b. 1 2 3 4 5\nlong TXT (");
	for (unsigned i = 0; i < 10000; i++)
		buffer_append_text(&text, " xxx\n");
	buffer_append_text(&text, ")\nevil.example.com CNAME .\n");
	feed_fixture_read(buffer_slice(&text), FEED_RPZ, &fixture);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(feed_fixture_problems(&fixture, "broken record"), 1);
	feed_fixture_close(&fixture);
	buffer_close(&text);
}

static void other_zones_and_lists_are_not_taken_for_policies(void **state)
{
	(void)state;
	assert_false(read_rpz.recognises(slice_text("$TTL 1h\n@ SOA a. b. 1 2 3 4 5\n"
	                                            "www CNAME host.example.\n")));
	assert_false(read_rpz.recognises(slice_text("evil.example.com CNAME .\n")));
	assert_false(read_rpz.recognises(slice_text("evil.example.com\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(triggers_of_a_zone_are_taken),
		cmocka_unit_test(what_is_not_matched_or_let_pass_is_told),
		cmocka_unit_test(a_zone_that_does_not_tell_its_name_is_read),
		cmocka_unit_test(a_record_that_is_too_long_costs_itself),
		cmocka_unit_test(other_zones_and_lists_are_not_taken_for_policies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
