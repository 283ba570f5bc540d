#include "tests/unit/loader/feed_fixture.h"

#include <errno.h>

#include "loader/reader.h"

static void a_header_names_the_columns(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(
		slice_text("\xef\xbb\xbf# about this list\n"
	                   "Type;Indicator;Description;Confidence;TLP;First_Seen;Expires;Tags\n"
	                   "domain;evil.example.com;\"a; \"\"quoted\"\" one\nin two lines\";high;"
	                   "TLP:AMBER;2024-09-01;2030-01-01 00:00:00;apt, phishing\n"
	                   "ip;198.51.100.1;;40;white;;;\n"
	                   "filename;svchost.example.exe;;;;;;\n"
	                   "gadget;thing.example.com;;;;;;\n"
	                   "sha256;;;;;;;\n"),
		FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.format, FEED_CSV);
	assert_int_equal(fixture.summary.indicators, 2);
	assert_int_equal(feed_fixture_problems(&fixture, "not matchable yet"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "type not known"), 1);

	struct indicator first = feed_fixture_indicator(&fixture, 1);
	struct indicator second = feed_fixture_indicator(&fixture, 2);
	int64_t until_ns;
	assert_int_equal(timestamp_parse(slice_text("2030-01-01T00:00:00Z"), &until_ns), 0);
	assert_true(slice_is(first.name, "a; \"quoted\" one\nin two lines"));
	assert_true(slice_is(first.labels, "apt\nphishing"));
	assert_int_equal(first.confidence, 85);
	assert_int_equal(first.tlp, TLP_AMBER);
	assert_int_equal(first.valid_until_ns, until_ns);
	assert_int_equal(first.line, 3);
	assert_int_equal(second.line, 5);
	assert_int_equal(second.confidence, 40);
	assert_int_equal(second.tlp, TLP_CLEAR);
	feed_fixture_close(&fixture);
}

static void columns_without_a_header_speak_for_themselves(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(
		slice_text("2024-03-01 00:01:47,someone,url,http://a.example/x,#phishing,https://"
	                   "social.example/1\n"
	                   "2024-03-01 00:01:48,someone,ip,198.51.100.1,#rat #c2,https://"
	                   "social.example/2\n"),
		FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.format, FEED_CSV);
	assert_int_equal(fixture.summary.indicators, 2);
	assert_true(slice_is(feed_fixture_indicator(&fixture, 2).labels, "rat\nc2"));
	assert_false(feed_fixture_has(&fixture, "https://social.example/1"));
	feed_fixture_close(&fixture);
}

static void the_fields_line_of_zeek_is_a_header(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(
		slice_text("#fields\tindicator\tindicator_type\tmeta.source\n"
	                   "evil.example.com\tIntel::DOMAIN\tCTI\n"
	                   "a@example.com\tIntel::EMAIL\tCTI\n"
	                   "0123456789abcdef0123456789abcdef01234567\tIntel::CERT_HASH\tCTI\n"
	                   "#close\n"),
		FEED_CSV, &fixture);
	assert_int_equal(fixture.summary.format, FEED_CSV);
	assert_int_equal(fixture.summary.indicators, 2);
	assert_int_equal(feed_fixture_problems(&fixture, "not matchable yet"), 1);
	feed_fixture_close(&fixture);
}

static void columns_of_their_own_kind_need_no_type(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("ip,port,domain,md5,sha1,notes\n"
	                             "198.51.100.1,443,evil.example.com,"
	                             "44d88612fea8a8f36de82e1278abb02f,,x\n"
	                             ",,,,\"3395856ce81f2b7382dee72602f798b642f14140\n\",\n"),
	                  FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.indicators, 4);
	assert_true(feed_fixture_has(&fixture, "198.51.100.1:443"));
	assert_false(feed_fixture_has(&fixture, "198.51.100.1:80"));
	feed_fixture_close(&fixture);
}

static void several_hashes_in_a_field_are_several_values(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("value,entity_type\n"
	                             "\"44d88612fea8a8f36de82e1278abb02f,"
	                             "3395856ce81f2b7382dee72602f798b642f14140\",file\n"),
	                  FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.indicators, 2);
	feed_fixture_close(&fixture);
}

static void columns_of_a_range_are_taken_together(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("# a comment\nStart\tEnd\tNetmask\tName\n"
	                             "198.18.4.0\t198.18.4.255\t24\tone\n"
	                             "198.18.5.3\t198.18.5.6\t\ttwo\n198.18.6.1\t\t\tthree\n"),
	                  FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.format, FEED_CSV);
	assert_int_equal(fixture.summary.indicators, 3);
	assert_true(feed_fixture_has(&fixture, "198.18.4.200"));
	assert_false(feed_fixture_has(&fixture, "198.18.5.2"));
	assert_true(feed_fixture_has(&fixture, "198.18.5.6"));
	assert_false(feed_fixture_has(&fixture, "198.18.5.7"));
	assert_true(feed_fixture_has(&fixture, "198.18.6.1"));
	assert_true(slice_is(feed_fixture_indicator(&fixture, 1).value, "198.18.4.0-198.18.4.255"));
	feed_fixture_close(&fixture);
}

static void a_stray_quote_costs_one_line(void **state)
{
	char text[8192];
	size_t size;
	struct feed_fixture fixture;

	(void)state;
	size = (size_t)snprintf(text, sizeof(text), "value,type\n\"a.example.com,domain\n");
	for (int i = 0; i < 100; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size,
		                         "n%d.example.com,domain\n", i);
	feed_fixture_read(slice_of(text, size), FEED_AUTO, &fixture);
	assert_int_equal(fixture.summary.indicators, 101);
	assert_int_equal(feed_fixture_problems(&fixture, "quote that is not closed"), 1);
	feed_fixture_close(&fixture);
}

static void a_file_without_a_column_of_values_is_refused_with_words(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("colour,size\nred,1\n"), FEED_CSV, &fixture);
	assert_int_equal(fixture.result, -EBADMSG);
	assert_int_equal(feed_fixture_problems(&fixture, "no column of values"), 1);
	feed_fixture_close(&fixture);
}

static void an_unreadable_marking_is_the_strictest(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("value,tlp\nevil.example.com,purple\n"), FEED_AUTO, &fixture);
	assert_int_equal(feed_fixture_indicator(&fixture, 1).tlp, TLP_RED);
	assert_int_equal(feed_fixture_problems(&fixture, "TLP not understood"), 1);
	feed_fixture_close(&fixture);
}

static void lists_are_not_taken_for_csv(void **state)
{
	(void)state;
	assert_false(read_csv.recognises(slice_text("198.51.100.1\n198.51.100.2\n")));
	assert_false(read_csv.recognises(slice_text("0.0.0.0 a.example.com\n")));
	assert_false(read_csv.recognises(slice_text("198.51.100.1,80\n198.51.100.2,81\n")));
	assert_false(read_csv.recognises(slice_text("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_names_the_columns),
		cmocka_unit_test(columns_without_a_header_speak_for_themselves),
		cmocka_unit_test(the_fields_line_of_zeek_is_a_header),
		cmocka_unit_test(columns_of_their_own_kind_need_no_type),
		cmocka_unit_test(several_hashes_in_a_field_are_several_values),
		cmocka_unit_test(columns_of_a_range_are_taken_together),
		cmocka_unit_test(a_stray_quote_costs_one_line),
		cmocka_unit_test(a_file_without_a_column_of_values_is_refused_with_words),
		cmocka_unit_test(an_unreadable_marking_is_the_strictest),
		cmocka_unit_test(lists_are_not_taken_for_csv),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
