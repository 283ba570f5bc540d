#include "tests/unit/loader/feed_fixture.h"

#include <errno.h>

#include "loader/reader.h"

#define FIELDS "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\n"

static void values_are_taken_by_their_type(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(
		slice_text("#separator \\x09\n" FIELDS
	                   "198.51.100.1\tIntel::ADDR\tcps\tbad host\thttps://example.com/r\n"
	                   "# a comment\n\n203.0.113.0/24\tIntel::SUBNET\t-\t-\t-\r\n"
	                   "evil.example.com\tIntel::DOMAIN\tcps\n"
	                   "evil.example.org/a?b=1\\x2c2\tIntel::URL\tcps\t-\t-\n"
	                   "0123456789abcdef0123456789abcdef\tIntel::FILE_HASH\tcps\t-\t-\n"
	                   "0123456789abcdef0123456789abcdef01234567\tIntel::CERT_HASH\tcps\t-\t-\n"
	                   "198.51.100.1\tIntel::ADDR\tcps\tagain\t-\n"
	                   "a@example.com\tIntel::EMAIL\tcps\t-\t-\n"
	                   "x\tIntel::NONSENSE\tcps\t-\t-\n-\tIntel::ADDR\tcps\t-\t-\n"),
		FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.format, FEED_ZEEK);
	assert_int_equal(fixture.summary.objects, 10);
	assert_int_equal(fixture.summary.indicators, 6);
	assert_int_equal(fixture.summary.duplicates, 1);
	assert_true(feed_fixture_has(&fixture, "203.0.113.9"));
	assert_true(feed_fixture_has(&fixture, "https://evil.example.org/a?b=1,2"));
	assert_true(feed_fixture_has(&fixture, "http://evil.example.org/a?b=1,2"));
	assert_true(feed_fixture_has(&fixture, "0123456789abcdef0123456789abcdef01234567"));
	assert_int_equal(feed_fixture_problems(&fixture, "Intel::EMAIL: not matchable yet"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "indicator type not known"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "line without a value"), 1);

	struct indicator indicator = feed_fixture_indicator(&fixture, 1);
	assert_true(slice_is(indicator.name, "bad host"));
	assert_true(slice_is(indicator.labels, "cps"));
	assert_true(slice_is(indicator.report_names, "https://example.com/r"));
	assert_int_equal(indicator.line, 3);
	assert_int_equal(feed_fixture_indicator(&fixture, 2).labels.size, 0);
	feed_fixture_close(&fixture);
}

static void columns_may_stand_in_any_order(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("#fields\tindicator\tmeta.if_in\tmeta.confidence\t"
	                             "indicator_type\n"
	                             "a.example.com\tHTTP::IN_HOST_HEADER\t70\tIntel::DOMAIN\n"),
	                  FEED_ZEEK, &fixture);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(feed_fixture_indicator(&fixture, 1).confidence, 70);
	assert_int_equal(feed_fixture_problems(&fixture, "meta.if_in"), 1);
	feed_fixture_close(&fixture);
}

static void a_file_without_columns_cannot_be_read(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	assert_false(read_zeek.recognises(slice_text("indicator\tindicator_type\n")));
	assert_false(read_zeek.recognises(slice_text("#fields\tts\tuid\n")));
	assert_true(read_zeek.recognises(slice_text(FIELDS)));
	feed_fixture_read(slice_text("198.51.100.1\tIntel::ADDR\n"), FEED_ZEEK, &fixture);
	assert_int_equal(fixture.result, -EBADMSG);
	assert_int_equal(feed_fixture_problems(&fixture, "line before \"#fields\""), 1);
	feed_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_taken_by_their_type),
		cmocka_unit_test(columns_may_stand_in_any_order),
		cmocka_unit_test(a_file_without_columns_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
