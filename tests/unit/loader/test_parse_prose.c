#include "tests/unit/loader/feed_fixture.h"

#include "loader/reader.h"

static void read_report(const char *text, struct feed_fixture *fixture)
{
	feed_fixture_read(slice_text(text), FEED_PROSE, fixture);
	assert_int_equal(fixture->result, 0);
}

static void expect_told(const char *text, const char *reason)
{
	struct feed_fixture fixture;

	read_report(text, &fixture);
	assert_int_equal(fixture.summary.indicators, 0);
	assert_int_equal(feed_fixture_problems(&fixture, reason), 1);
	assert_int_equal(fixture.summary.objects, 1);
	feed_fixture_close(&fixture);
}

static void expect_nothing(const char *text)
{
	struct feed_fixture fixture;

	read_report(text, &fixture);
	assert_int_equal(fixture.summary.objects, 0);
	assert_int_equal(fixture.summary.report.count, 0);
	feed_fixture_close(&fixture);
}

// The text holds exactly this value.
static void expect_taken(const char *text, const char *value)
{
	struct feed_fixture fixture;

	read_report(text, &fixture);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(fixture.summary.objects, 1);
	assert_true(feed_fixture_has(&fixture, value));
	feed_fixture_close(&fixture);
}

static void defanged_values_are_taken_in_every_spelling(void **state)
{
	static const char *const spellings[] = {
		"evil[.]example[.]com",     "evil(.)example(.)com",     "evil{.}example{.}com",
		"evil[dot]example[dot]com", "evil(dot)example(dot)com", "evil\\.example\\.com",
		"evil[.]example.com",
	};
	char text[128];

	(void)state;
	for (unsigned i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		snprintf(text, sizeof(text), "The host %s, last week, answered.\n", spellings[i]);
		expect_taken(text, "evil.example.com");
	}
	expect_taken("It loads hxxp://evil[.]example/x.php?a=1,2 next.\n",
	             "http://evil.example/x.php?a=1,2");
	expect_taken("It loads hXXps[:]//evil[.]example/x.\n", "https://evil.example/x");
	expect_taken("It loads https[://]evil[.]example/x.\n", "https://evil.example/x");
	expect_taken("It calls 198.51.100[.]7:8080.\n", "198.51.100.7:8080");
	expect_taken("It calls 198[.]51[.]100[.]7/bins/arm7\n", "http://198.51.100.7/bins/arm7");
}

static void values_are_found_whatever_stands_around_them(void **state)
{
	static const char *const texts[] = {
		"(see evil[.]example[.]com)",   "\"evil[.]example[.]com\"",
		"<evil[.]example[.]com>",       "**evil[.]example[.]com**",
		"C2:evil[.]example[.]com",      "domain=evil[.]example[.]com",
		"[evil[.]example[.]com]",       "- evil[.]example[.]com.",
		"*.evil[.]example[.]com",       "通信先はevil[.]example[.]comです。",
		"「evil[.]example[.]com」、他", "it was evil[.]example[.]com?!",
		"|evil[.]example[.]com|x|",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		expect_taken(texts[i], "evil.example.com");
	expect_taken("(hxxp://evil[.]example/a(b))", "http://evil.example/a(b)");
	expect_taken("URL:hxxp://evil[.]example/x", "http://evil.example/x");
	expect_taken("src=%22hxxp://evil[.]example/x", "http://evil.example/x");
	expect_taken("[hxxp://evil[.]example/x]", "http://evil.example/x");
	expect_taken("at [2001:db8::7]:443 since", "[2001:db8::7]:443");
	expect_taken("b\xc3\xbc"
	             "cher[.]example",
	             "xn--bcher-kva.example");
}

static void several_values_of_a_line_are_all_taken(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_report("hxxp://a[.]example/x,hxxp://b[.]example/y c[.]example,198.51.100[.]9\n",
	            &fixture);
	assert_int_equal(fixture.summary.indicators, 4);
	assert_true(feed_fixture_has(&fixture, "http://a.example/x"));
	assert_true(feed_fixture_has(&fixture, "http://b.example/y"));
	assert_true(feed_fixture_has(&fixture, "c.example"));
	assert_true(feed_fixture_has(&fixture, "198.51.100.9"));
	feed_fixture_close(&fixture);
}

static void a_record_says_that_it_is_of_prose_and_of_which_line(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	read_report("A report.\n\nIt calls Evil[.]Example, often.\n", &fixture);

	struct indicator indicator = feed_fixture_indicator(&fixture, 1);
	assert_true(slice_is(indicator.labels, INDICATOR_LABEL_PROSE));
	assert_true(slice_is(indicator.value, "Evil[.]Example"));
	assert_int_equal(indicator.line, 3);
	assert_int_equal(indicator.action, ACTION_ALERT);
	feed_fixture_close(&fixture);
}

static void hashes_of_files_are_taken_and_other_digests_told(void **state)
{
	(void)state;
	expect_taken("SHA256: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.",
	             "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
	expect_taken("md5=098f6bcd4621d373cade4e832627b4f6 (dropper)",
	             "098f6bcd4621d373cade4e832627b4f6");
	expect_told("with JA3 hash 098f6bcd4621d373cade4e832627b4f6",
	            "digest of something else than a file");
	expect_told("imphash: 098f6bcd4621d373cade4e832627b4f6",
	            "digest of something else than a file");
	expect_told("fixed in commit a94a8fe5ccb19ba61c4c0873d391e987982fbbd3",
	            "digest of something else than a file");
	expect_nothing("the number 12345678901234567890123456789012 is long");
}

static void plain_addresses_and_networks_are_taken(void **state)
{
	(void)state;
	expect_taken("It calls 203.0.113.77 each hour.", "203.0.113.77");
	expect_taken("It calls 203.0.113.77:4444.", "203.0.113.77:4444");
	expect_taken("All of 198.51.100.0/24 is theirs.", "198.51.100.200");
	expect_taken("It calls 2001:db8::77 as well.", "2001:db8::77");
}

static void versions_and_sections_are_no_addresses(void **state)
{
	(void)state;
	expect_told("in version 12.0.4.11 of it", "a version, not an address");
	expect_told("Firmware: 12.0.4.11", "a version, not an address");
	expect_told("バージョン 12.0.4.11 以前", "a version, not an address");
	expect_told("1.2.3.4 Introduction", "four numbers of one digit: a version or a resolver");
	expect_told("asks 8.8.8.8 for it", "four numbers of one digit: a version or a resolver");
	expect_nothing("v12.0.4.11 of Chrome 92.0.4515.131");
	expect_nothing("OID 1.3.6.1.4.1.311.2 at 12:34:56 on 2020/08/20, 06.28.2021");
	expect_nothing("std::vector a::b ::1 and aa:bb:cc:dd:ee:ff");
}

static void private_addresses_are_told(void **state)
{
	(void)state;
	expect_told("the victim 192.168.7.20 asked", "private address in running text");
	expect_told("the victim 10.20.30.40 asked", "private address in running text");
	expect_told("the victim fd00::7 asked", "private address in running text");
}

static void plain_names_and_files_are_words(void **state)
{
	(void)state;
	expect_nothing("e.g. setup.exe from www.example.com by me@example.com, i.e. nothing");
	expect_nothing("C:\\Users\\me\\.ssh\\config and folder\\.git");
	expect_told("drops setup[.]exe there", "a file name, not a domain");
	expect_told("matches [.]*x there", "defanged, and yet not a value");
	expect_told("mail to mule[@]evil[.]example", "e-mail address: not matchable yet");
}

static void plain_links_are_taken_unless_they_are_the_texts_own(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	expect_taken("It loads http://evil.example/x.bin then.", "http://evil.example/x.bin");
	expect_told("Source: https://blog.example/post", "link to what the text refers to");
	expect_told("as [we wrote](https://blog.example/post) before",
	            "link to what the text refers to");
	expect_nothing("on ftp://mirror.example/x");

	read_report("References:\n- https://blog.example/1\n- https://blog.example/2\n"
	            "Payload:\n- http://evil.example/x\n",
	            &fixture);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(feed_fixture_problems(&fixture, "link to what the text refers to"), 2);
	feed_fixture_close(&fixture);

	read_report("https://blog.example/1\nhxxp://evil[.]example/x\n", &fixture);
	assert_int_equal(fixture.summary.indicators, 1);
	assert_int_equal(
		feed_fixture_problems(&fixture, "plain link in a text that defangs its values"), 1);
	feed_fixture_close(&fixture);
}

static void plain_names_are_taken_where_asked_for(void **state)
{
	static const char text[] =
		"It asks bad.evil-host.com for setup.exe, notes.txt, run.sh, e.g. "
		"x.invalidtld, and sits at evil-host.co.jp.\n";
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read_with(
		slice_text(text),
		&(struct feed_options){.format = FEED_PROSE, .has_plain_names = true}, &fixture);
	assert_int_equal(fixture.summary.indicators, 2);
	assert_true(feed_fixture_has(&fixture, "bad.evil-host.com"));
	assert_true(feed_fixture_has(&fixture, "evil-host.co.jp"));
	assert_int_equal(feed_fixture_problems(&fixture, "a file name, not a domain"), 1);
	feed_fixture_close(&fixture);
}

static void a_text_is_prose_when_it_defangs_and_is_no_list(void **state)
{
	(void)state;
	assert_true(read_prose.recognises(slice_text("It calls\nevil[.]example\nnow and then\n")));
	assert_true(read_prose.recognises(slice_text("It loads hxxp://evil.example/ too\n")));
	assert_false(read_prose.recognises(slice_text("All your files are encrypted.\nPay.\n")));
	assert_false(read_prose.recognises(slice_of("\0evil[.]example", 15)));
	assert_false(read_prose.recognises(slice_text("\xff\xfe x evil[.]example")));
}

static void a_list_of_defanged_values_is_a_list(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("evil[.]example\nhxxp://bad[.]example/x\n"), FEED_AUTO,
	                  &fixture);
	assert_int_equal(fixture.summary.format, FEED_TEXT);
	assert_int_equal(feed_fixture_indicator(&fixture, 1).labels.size, 0);
	feed_fixture_close(&fixture);
}

static void a_line_without_end_takes_time_in_proportion(void **state)
{
	enum { SIZE = 60 * 1024 };
	static const char *const units[] = {"((",      "[.]", "](",   "https://x,", "]]",
	                                    "h**p://", "*_",  "a[.]", "::",         "1.2.3.4)"};
	char *text = malloc(SIZE);

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		struct feed_fixture fixture;

		for (size_t k = 0; k < SIZE; k++)
			text[k] = units[i][k % strlen(units[i])];
		feed_fixture_read(slice_of(text, SIZE), FEED_PROSE, &fixture);
		assert_int_equal(fixture.result, 0);
		assert_true(fixture.summary.duration_ns < NS_PER_S);
		feed_fixture_close(&fixture);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defanged_values_are_taken_in_every_spelling),
		cmocka_unit_test(values_are_found_whatever_stands_around_them),
		cmocka_unit_test(several_values_of_a_line_are_all_taken),
		cmocka_unit_test(a_record_says_that_it_is_of_prose_and_of_which_line),
		cmocka_unit_test(hashes_of_files_are_taken_and_other_digests_told),
		cmocka_unit_test(plain_addresses_and_networks_are_taken),
		cmocka_unit_test(versions_and_sections_are_no_addresses),
		cmocka_unit_test(private_addresses_are_told),
		cmocka_unit_test(plain_names_and_files_are_words),
		cmocka_unit_test(plain_links_are_taken_unless_they_are_the_texts_own),
		cmocka_unit_test(plain_names_are_taken_where_asked_for),
		cmocka_unit_test(a_text_is_prose_when_it_defangs_and_is_no_list),
		cmocka_unit_test(a_list_of_defanged_values_is_a_list),
		cmocka_unit_test(a_line_without_end_takes_time_in_proportion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
