#include "loader/wildcard.h"

#include "tests/unit/loader/feed_fixture.h"

static void a_name_becomes_a_pattern_at_label_boundaries(void **state)
{
	struct buffer out = {0};

	(void)state;
	assert_true(wildcard_name(slice_text("ad**.a_b.example."), &out));
	assert_true(slice_is(buffer_slice(&out), "(?i)(?:^|\\.)ad.*\\.a\\_b\\.example$"));
	buffer_close(&out);
}

static void what_says_nothing_or_is_no_name_is_no_pattern(void **state)
{
	static const char *const refused[] = {"*",         "*.*",     "a*.b", "(ad*.example",
	                                      "ad*.ex/am", "a b*.cd", "",     "198.51.*.*"};
	struct buffer out = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(wildcard_name(slice_text(refused[i]), &out));
	assert_int_equal(out.size, 0);
	buffer_close(&out);
}

static void a_url_becomes_a_pattern_of_the_whole_of_it(void **state)
{
	struct buffer out = {0};

	(void)state;
	wildcard_url(slice_text("http://a.example/b*c?d"), false, true, &out);
	assert_true(slice_is(buffer_slice(&out), "^http\\:\\/\\/a\\.example\\/b.*c\\?d$"));
	buffer_clear(&out);
	wildcard_url(slice_text("a.example/b"), true, false, &out);
	assert_true(slice_is(buffer_slice(&out), "^https?://a\\.example\\/b"));
	buffer_close(&out);
}

static void wildcards_of_a_list_meet_what_they_mean(void **state)
{
	struct feed_fixture fixture;
	enum match_kind kind;

	(void)state;
	feed_fixture_read(slice_text("ad*.x.example.com\nhttp://h.example/a*b\n"
	                             "h2.example/x*\nhttp://h3.example/y/*\nw.example.*\n"),
	                  FEED_TEXT, &fixture);
	assert_int_equal(fixture.summary.indicators, 5);
	assert_int_equal(fixture.summary.patterns, 4);
	assert_int_equal(feed_fixture_find(&fixture, "AD12.x.example.com", &kind), 1);
	assert_int_equal(kind, MATCH_PATTERN);
	assert_true(feed_fixture_has(&fixture, "below.ads.x.example.com"));
	assert_false(feed_fixture_has(&fixture, "bad1.x.example.com"));
	assert_false(feed_fixture_has(&fixture, "ad1.x.example.com.evil.net"));
	assert_true(feed_fixture_has(&fixture, "http://H.example/a/1/b"));
	assert_false(feed_fixture_has(&fixture, "https://h.example/ab"));
	assert_false(feed_fixture_has(&fixture, "http://h.example/abc"));
	assert_true(feed_fixture_has(&fixture, "https://h2.example/xyz"));
	assert_false(feed_fixture_has(&fixture, "https://h2.example/yx"));
	assert_int_equal(feed_fixture_find(&fixture, "http://h3.example/y/z", &kind), 1);
	assert_int_equal(kind, MATCH_URL_PREFIX);
	assert_true(feed_fixture_has(&fixture, "w.example.net"));
	feed_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_becomes_a_pattern_at_label_boundaries),
		cmocka_unit_test(what_says_nothing_or_is_no_name_is_no_pattern),
		cmocka_unit_test(a_url_becomes_a_pattern_of_the_whole_of_it),
		cmocka_unit_test(wildcards_of_a_list_meet_what_they_mean),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
