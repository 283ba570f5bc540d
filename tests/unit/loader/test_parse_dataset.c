#include "tests/unit/loader/feed_fixture.h"

#include "loader/reader.h"

// "evil.example.com", "http://evil.example.org/a", "Mozilla/5.0 (X11)", "/gate.php"
#define NAME  "ZXZpbC5leGFtcGxlLmNvbQ=="
#define LINK  "aHR0cDovL2V2aWwuZXhhbXBsZS5vcmcvYQ=="
#define AGENT "TW96aWxsYS81LjAgKFgxMSk="
#define PATH  "L2dhdGUucGhw"

static void strings_are_decoded_and_other_values_taken_as_they_are(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("# set\n" NAME ",12\n" LINK "\n" AGENT "\n" PATH "\nx!\n"
	                             "0123456789abcdef0123456789abcdef\n198.51.100.1,3\n"
	                             "2001:db8:1::1\n\n"),
	                  FEED_DATASET, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.objects, 8);
	assert_int_equal(fixture.summary.indicators, 5);
	assert_int_equal(feed_fixture_problems(&fixture, "string that is no name or URL"), 2);
	assert_int_equal(feed_fixture_problems(&fixture, "not base64"), 1);
	assert_true(feed_fixture_has(&fixture, "evil.example.com"));
	assert_false(feed_fixture_has(&fixture, "www.evil.example.com"));
	assert_true(feed_fixture_has(&fixture, "http://evil.example.org/a"));
	assert_true(feed_fixture_has(&fixture, "0123456789abcdef0123456789abcdef"));
	assert_true(slice_is(feed_fixture_indicator(&fixture, 1).labels, "reputation:12"));
	assert_int_equal(feed_fixture_indicator(&fixture, 2).labels.size, 0);
	feed_fixture_close(&fixture);
}

static void a_set_is_recognised_by_its_base64(void **state)
{
	(void)state;
	assert_true(read_dataset.recognises(slice_text(NAME "\n" LINK ",1\n")));
	assert_true(read_dataset.recognises(slice_text("198.51.100.1\n" NAME "\n")));
	assert_false(read_dataset.recognises(slice_text("198.51.100.1\n")));
	assert_false(read_dataset.recognises(slice_text("evil.example.com\n" NAME "\n")));
	assert_false(read_dataset.recognises(slice_text(NAME "\n" AGENT "\n")));
	assert_false(read_dataset.recognises(slice_text("")));
}

static void a_score_becomes_the_confidence(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("# list\n198.51.100.1,1,127\n203.0.113.0/24, 2, 64\r\n"
	                             "198.51.100.1,3,10\n198.51.100.2,1,0\n198.51.100.3,99,1\n"
	                             "198.51.100.4,1\nx,1,1\n"),
	                  FEED_IPREP, &fixture);
	assert_int_equal(fixture.summary.objects, 7);
	assert_int_equal(fixture.summary.indicators, 3);
	assert_int_equal(feed_fixture_find(&fixture, "198.51.100.1", NULL), 2);
	assert_true(feed_fixture_has(&fixture, "203.0.113.77"));
	assert_int_equal(feed_fixture_indicator(&fixture, 1).confidence, 100);
	assert_int_equal(feed_fixture_indicator(&fixture, 2).confidence, 50);
	assert_int_equal(feed_fixture_indicator(&fixture, 2).line, 3);
	assert_int_equal(feed_fixture_problems(&fixture, "score 0: no reputation"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "not \"address,category,score\""), 2);
	assert_int_equal(feed_fixture_problems(&fixture, "not an address or network"), 1);
	feed_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_decoded_and_other_values_taken_as_they_are),
		cmocka_unit_test(a_set_is_recognised_by_its_base64),
		cmocka_unit_test(a_score_becomes_the_confidence),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
