#include "tests/unit/unit_test.h"

#include <errno.h>

#include "engine/normalize.h"

static void assert_address(const char *text, const char *expected)
{
	struct address address;
	char formatted[ADDRESS_TEXT_BYTES];

	assert_int_equal(normalize_address(slice_text(text), &address), 0);
	normalize_format_address(&address, formatted);
	assert_string_equal(formatted, expected);
}

static void addresses_have_one_spelling(void **state)
{
	(void)state;
	assert_address("192.0.2.1", "192.0.2.1");
	assert_address("0.0.0.0", "0.0.0.0");
	assert_address("255.255.255.255", "255.255.255.255");
	assert_address("2001:DB8:0:0::1", "2001:db8::1");
	assert_address("::ffff:192.0.2.1", "192.0.2.1");
	assert_address("::ffff:c000:201", "192.0.2.1");
	assert_address("::", "::");
	assert_address("::1", "::1");
	assert_address("1::", "1::");
	// RFC 5952, section 4.2: the first of equal runs, never a single group.
	assert_address("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1");
	assert_address("2001:0:0:1:0:0:0:1", "2001:0:0:1::1");
	assert_address("2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1");
	assert_address("::102:304", "::102:304");
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const texts[] = {
		"",        "1.2.3",      "1.2.3.4.5", "1.2.3.256", "01.2.3.4",  "1.2.3.4 ",
		"1..3.4",  "1.2.3.",     "0x1.2.3.4", "1.2.3.4/8", ":",         ":::",
		"1::2::3", "fe80::1%lo", "12345::",   "1:2:3",     "[::1]",     "::ffff:1.2.3.04",
		"g::",     "1.2.3.4444", "-1.2.3.4",  "1,2,3,4",   "evil.test", "::1.2.3.4.5",
	};
	struct address address;
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(normalize_address(slice_text(texts[i]), &address), -EINVAL);
	assert_int_equal(normalize_address(slice_of("::1\0", 4), &address), -EINVAL);
}

static void assert_prefix(const char *text, const char *expected, bool had_host_bits)
{
	struct prefix prefix;
	char formatted[ADDRESS_TEXT_BYTES];
	bool had;

	assert_int_equal(normalize_prefix(slice_text(text), &prefix, &had), 0);
	normalize_format_prefix(&prefix, formatted);
	assert_string_equal(formatted, expected);
	assert_int_equal(had, had_host_bits);
}

static void prefixes_lose_their_host_bits_and_say_so(void **state)
{
	(void)state;
	assert_prefix("192.0.2.0/24", "192.0.2.0/24", false);
	assert_prefix("192.0.2.77/24", "192.0.2.0/24", true);
	assert_prefix("192.0.2.77/25", "192.0.2.0/25", true);
	assert_prefix("192.0.2.7/32", "192.0.2.7", false);
	assert_prefix("192.0.2.7", "192.0.2.7", false);
	assert_prefix("0.0.0.0/0", "0.0.0.0/0", false);
	assert_prefix("255.255.255.255/0", "0.0.0.0/0", true);
	assert_prefix("2001:db8::/32", "2001:db8::/32", false);
	assert_prefix("2001:db8:ffff::/33", "2001:db8:8000::/33", true);
	assert_prefix("::/0", "::/0", false);
	assert_prefix("2001:db8::1/128", "2001:db8::1", false);
	assert_prefix("::ffff:192.0.2.0/120", "192.0.2.0/24", false);
	assert_prefix("::ffff:0:0/96", "0.0.0.0/0", false);
	assert_prefix("::ffff:0:0/95", "::fffe:0:0/95", true);
}

static void bad_prefix_lengths_are_refused(void **state)
{
	static const char *const texts[] = {"1.2.3.4/33", "1.2.3.4/",   "1.2.3.4/08", "::/129",
	                                    "1.2.3.4/-1", "1.2.3.4/8 ", "/8",         "1.2.3/8",
	                                    "::/1000",    "1.2.3.4/8/8"};
	struct prefix prefix;
	bool had;
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(normalize_prefix(slice_text(texts[i]), &prefix, &had), -EINVAL);
}

static void the_longest_texts_fit(void **state)
{
	struct prefix prefix;
	char formatted[ADDRESS_TEXT_BYTES];
	bool had;
	(void)state;

	assert_int_equal(normalize_prefix(slice_text("1234:1234:1234:1234:1234:1234:1234:1230/124"),
	                                  &prefix, &had),
	                 0);
	normalize_format_prefix(&prefix, formatted);
	assert_string_equal(formatted, "1234:1234:1234:1234:1234:1234:1234:1230/124");
}

static void assert_reverse(const char *name, const char *expected)
{
	struct address address;
	char formatted[ADDRESS_TEXT_BYTES];

	assert_int_equal(normalize_reverse_name(slice_text(name), &address), 0);
	normalize_format_address(&address, formatted);
	assert_string_equal(formatted, expected);
}

static void reverse_names_give_their_address(void **state)
{
	(void)state;
	assert_reverse("4.3.2.1.in-addr.arpa", "1.2.3.4");
	assert_reverse("b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
	               "4321:0:1:2:3:4:567:89ab");
}

static void other_arpa_names_are_no_address(void **state)
{
	static const char *const names[] = {
		"3.2.1.in-addr.arpa",
		"in-addr.arpa",
		".in-addr.arpa",
		"4.3.2.256.in-addr.arpa",
		"1.2.ip6.arpa",
		"evil.example",
		"x.4.3.2.1.in-addr.arpa",
		"",
		"g.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
		"b-a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4.ip6.arpa",
	};
	struct address address;
	(void)state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_int_equal(normalize_reverse_name(slice_text(names[i]), &address), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_have_one_spelling),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(prefixes_lose_their_host_bits_and_say_so),
		cmocka_unit_test(bad_prefix_lengths_are_refused),
		cmocka_unit_test(the_longest_texts_fit),
		cmocka_unit_test(reverse_names_give_their_address),
		cmocka_unit_test(other_arpa_names_are_no_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
