#include "engine/address_range.h"

#include <stdio.h>

#include "engine/normalize.h"
#include "tests/unit/unit_test.h"

static void assert_networks(const char *text, const char *expected)
{
	struct address_range range;
	char found[256] = "";
	char network[ADDRESS_TEXT_BYTES];
	struct prefix prefix;

	assert_true(address_range_parse(slice_text(text), &range));
	while (address_range_next(&range, &prefix)) {
		size_t size = strlen(found);

		normalize_format_prefix(&prefix, network);
		snprintf(found + size, sizeof(found) - size, "%s%s", size > 0 ? " " : "", network);
	}
	assert_string_equal(found, expected);
}

static void a_range_falls_into_the_fewest_networks(void **state)
{
	(void)state;
	assert_networks("192.0.2.0-192.0.2.255", "192.0.2.0/24");
	assert_networks("192.0.2.7 - 192.0.2.7", "192.0.2.7");
	assert_networks("192.0.2.1-192.0.2.6", "192.0.2.1 192.0.2.2/31 192.0.2.4/31 192.0.2.6");
	assert_networks("192.0.2.255-192.0.3.0", "192.0.2.255 192.0.3.0");
	assert_networks("255.255.255.254-255.255.255.255", "255.255.255.254/31");
	assert_networks("0.0.0.0-255.255.255.255", "0.0.0.0/0");
	assert_networks("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0");
	assert_networks("2001:db8::-2001:db8:0:1::", "2001:db8::/64 2001:db8:0:1::");
}

static void no_range_has_more_networks_than_it_may(void **state)
{
	struct address_range range;
	struct prefix prefix;
	unsigned count = 0;

	(void)state;
	assert_true(address_range_parse(slice_text("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe"),
	                                &range));
	while (address_range_next(&range, &prefix))
		count++;
	assert_int_equal(count, 254);
}

static void what_is_no_range_is_refused(void **state)
{
	static const char *const refused[] = {
		"",      "-",      "192.0.2.1",          "192.0.2.2-192.0.2.1",    "192.0.2.1-",
		"a-b.c", "-1.2.3", "192.0.2.1-2001::db", "192.0.2.0/24-192.0.3.0",
	};
	struct address_range range;

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_false(address_range_parse(slice_text(refused[i]), &range));
}

static void its_width_is_compared_with_a_networks(void **state)
{
	struct address_range range;

	(void)state;
	assert_true(address_range_parse(slice_text("192.0.2.1-192.0.3.0"), &range));
	assert_false(address_range_is_wider(&range, IPV4_PREFIX_BITS + 24));
	assert_true(address_range_parse(slice_text("192.0.2.1-192.0.3.1"), &range));
	assert_true(address_range_is_wider(&range, IPV4_PREFIX_BITS + 24));
	assert_false(address_range_is_wider(&range, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_falls_into_the_fewest_networks),
		cmocka_unit_test(no_range_has_more_networks_than_it_may),
		cmocka_unit_test(what_is_no_range_is_refused),
		cmocka_unit_test(its_width_is_compared_with_a_networks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
