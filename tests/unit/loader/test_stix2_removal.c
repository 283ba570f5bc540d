#include "tests/unit/loader/feed_fixture.h"

#define INDICATOR(last, name, time, label)                                   \
	"{\"type\":\"indicator\",\"spec_version\":\"2.1\","                  \
	"\"id\":\"indicator--00000000-0000-4000-8000-00000000000" last "\"," \
	"\"created\":\"2024-01-0" time "T00:00:00Z\","                       \
	"\"modified\":\"2024-01-0" time "T00:00:00Z\","                      \
	"\"valid_from\":\"2024-01-01T00:00:00Z\",\"pattern_type\":\"stix\"," \
	"\"pattern\":\"[domain-name:value = '" name "']\",\"labels\":[\"" label "\"]}"

static const char bundle[] = "{\"type\":\"bundle\",\"objects\":[" INDICATOR(
	"1", "a.example.com", "1",
	"add") "," INDICATOR("2", "b.example.com", "1",
                             "add") "," INDICATOR("3", "c.example.com", "1",
                                                  "del-listed") "," INDICATOR("2", "b.example.com",
                                                                              "2",
                                                                              "del") "," // by its
                                                                                         // id
	INDICATOR("4", "a.example.com", "2", "Delete") "]}"; // by its value

static void a_del_of_the_block_list_takes_the_value_off(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read_with(slice_text(bundle), &(struct feed_options){.group = "blocklist"},
	                       &fixture);
	assert_int_equal(fixture.summary.removed, 2);
	assert_int_equal(feed_fixture_problems(&fixture, "taken off the block list"), 2);
	assert_false(feed_fixture_has(&fixture, "a.example.com"));
	assert_false(feed_fixture_has(&fixture, "b.example.com"));
	assert_true(feed_fixture_has(&fixture, "c.example.com")); // a whole label only
	feed_fixture_close(&fixture);
}

static void elsewhere_a_label_is_a_label(void **state)
{
	struct feed_fixture fixture;

	(void)state;
	feed_fixture_read_with(slice_text(bundle), &(struct feed_options){.group = "C2"}, &fixture);
	assert_int_equal(fixture.summary.removed, 0);
	assert_true(feed_fixture_has(&fixture, "a.example.com"));
	assert_true(feed_fixture_has(&fixture, "b.example.com"));
	feed_fixture_close(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_del_of_the_block_list_takes_the_value_off),
		cmocka_unit_test(elsewhere_a_label_is_a_label),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
