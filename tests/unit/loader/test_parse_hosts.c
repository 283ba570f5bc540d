#include "tests/unit/loader/feed_fixture.h"

#include "loader/reader.h"

static void names_behind_a_sink_address_are_taken_with_all_below(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(slice_text("# hosts\n127.0.0.1 localhost\n::1 ip6-localhost\n"
	                             "255.255.255.255 broadcasthost\n"
	                             "0.0.0.0 evil.example.com two.example.com # both\n"
	                             "127.0.0.1\tthree.example.com\r\n:: four.example.com\n"
	                             "0.0.0.0 evil.example.com\n"),
	                  FEED_AUTO, &fixture);
	assert_int_equal(fixture.result, 0);
	assert_int_equal(fixture.summary.format, FEED_HOSTS);
	assert_int_equal(fixture.summary.indicators, 4);
	assert_int_equal(fixture.summary.duplicates, 1);
	assert_int_equal(feed_fixture_problems(&fixture, "the machine's own name"), 3);
	assert_true(feed_fixture_has(&fixture, "www.two.example.com"));
	assert_true(feed_fixture_has(&fixture, "three.example.com"));
	assert_false(feed_fixture_has(&fixture, "localhost"));
	assert_true(slice_is(feed_fixture_indicator(&fixture, 1).value, "evil.example.com"));
	feed_fixture_close(&fixture);
}

static void a_real_mapping_is_no_block_list_entry(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read(
		slice_text("0.0.0.0 a.example.com\n0.0.0.0 b.example.com\n"
	                   "198.51.100.1 printer.example.com\n0.0.0.0\n0.0.0.0 b_ad!.example\n"),
		FEED_HOSTS, &fixture);
	assert_int_equal(fixture.summary.indicators, 2);
	assert_int_equal(feed_fixture_problems(&fixture, "hosts entry with a real address"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "not a name"), 1);
	assert_int_equal(feed_fixture_problems(&fixture, "no name behind the address"), 1);
	feed_fixture_close(&fixture);
}

static void lists_of_addresses_are_not_taken_for_hosts_files(void **state)
{
	(void)state;
	assert_false(read_hosts.recognises(slice_text("198.51.100.1\t10\n198.51.100.2\t9\n")));
	assert_false(read_hosts.recognises(slice_text("198.51.100.1 a.example.com\n")));
	assert_true(read_hosts.recognises(slice_text("0.0.0.0 a.example.com\n")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_behind_a_sink_address_are_taken_with_all_below),
		cmocka_unit_test(a_real_mapping_is_no_block_list_entry),
		cmocka_unit_test(lists_of_addresses_are_not_taken_for_hosts_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
