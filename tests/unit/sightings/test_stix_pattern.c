#include "tests/unit/unit_test.h"

#include "engine/address.h"
#include "sightings/stix_pattern.h"

struct database {
	uint8_t kinds; // of any name
};

uint8_t database_name_kinds(const struct database *database, struct slice name,
                            uint32_t indicator_id)
{
	(void)name;
	assert_int_equal(indicator_id, 7);
	return database->kinds;
}

static const struct hit seen = {
	.indicator_id = 7,
	.observable = {.type = OBSERVABLE_NAME,
                       .text = {(const uint8_t *)"it's\\seen.example", 17}},
};

static void expect_of_kinds(uint8_t kinds, const char *entry, const char *expected)
{
	struct database database = {kinds};
	struct buffer pattern = {0};

	stix_pattern_append(&pattern, &database, slice_text(entry), &seen);
	buffer_append_byte(&pattern, '\0');
	assert_false(pattern.failed);
	assert_string_equal((const char *)pattern.data, expected);
	buffer_close(&pattern);
}

static void expect(const char *entry, const char *expected)
{
	expect_of_kinds(ENTRY_EXACT | ENTRY_PARENT, entry, expected);
}

static void addresses_are_equal_and_networks_contain(void **state)
{
	(void)state;
	expect("192.0.2.1", "[ipv4-addr:value = '192.0.2.1']");
	expect(" 192[.]0[.]2[.]1 ", "[ipv4-addr:value = '192.0.2.1']");
	expect("192.0.2.0/24", "[ipv4-addr:value ISSUBSET '192.0.2.0/24']");
	expect("192.0.2.0-192.0.2.255", "[ipv4-addr:value ISSUBSET '192.0.2.0/24']");
	expect("192.0.2.1 - 192.0.2.3",
	       "[ipv4-addr:value = '192.0.2.1' OR ipv4-addr:value ISSUBSET '192.0.2.2/31']");
	expect("2001:DB8::1", "[ipv6-addr:value = '2001:db8::1']");
	expect("2001:db8::/32", "[ipv6-addr:value ISSUBSET '2001:db8::/32']");
	expect("::ffff:192.0.2.1", "[ipv4-addr:value = '192.0.2.1']");
}

static void a_port_belongs_to_its_address(void **state)
{
	(void)state;
	expect("192.0.2.1:443",
	       "[(network-traffic:dst_ref.value = '192.0.2.1' AND network-traffic:dst_port = 443) "
	       "OR (network-traffic:src_ref.value = '192.0.2.1' AND network-traffic:src_port = "
	       "443)]");
	expect("[2001:db8::1]:53",
	       "[(network-traffic:dst_ref.value = '2001:db8::1' AND network-traffic:dst_port = 53) "
	       "OR (network-traffic:src_ref.value = '2001:db8::1' AND network-traffic:src_port = "
	       "53)]");
	expect("192.0.2.1:65536", "[domain-name:value = 'it\\'s\\\\seen.example']");
}

static void a_name_stands_for_the_names_below_it(void **state)
{
	(void)state;
	expect("Bad.Example.",
	       "[domain-name:value = 'bad.example' OR domain-name:value LIKE '%.bad.example']");
	expect("*.bad.example",
	       "[domain-name:value = 'bad.example' OR domain-name:value LIKE '%.bad.example']");
	// '_' is a wildcard of LIKE.
	expect("_x.bad.example", "[domain-name:value = '_x.bad.example' OR domain-name:value "
	                         "MATCHES '\\\\._x\\\\.bad\\\\.example$']");
}

static void a_name_claims_only_what_is_matched(void **state)
{
	(void)state;
	expect_of_kinds(ENTRY_EXACT, "github.io", "[domain-name:value = 'github.io']");
	expect_of_kinds(ENTRY_PARENT, "*.bad.example", "[domain-name:value LIKE '%.bad.example']");
	expect_of_kinds(0, "bad.example", "[domain-name:value = 'bad.example']");
}

static void a_url_without_scheme_is_both(void **state)
{
	(void)state;
	expect("hxxps://Bad.example/A?b=c", "[url:value = 'https://bad.example/A?b=c']");
	expect("bad.example/a", "[url:value IN ('http://bad.example/a', 'https://bad.example/a')]");
	expect("http://bad.example/it's", "[url:value = 'http://bad.example/it\\'s']");
}

static void a_url_prefix_is_open_at_its_end(void **state)
{
	(void)state;
	expect("http://bad.example/a*", "[url:value LIKE 'http://bad.example/a%']");
	expect("http://bad.example/a_b*", "[url:value MATCHES '^http://bad\\\\.example/a_b']");
	expect("bad.example/a?*", "[url:value MATCHES '^https?://bad\\\\.example/a\\\\?']");
}

static void digests_are_told_by_their_size(void **state)
{
	(void)state;
	expect("D41D8CD98F00B204E9800998ECF8427E",
	       "[file:hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']");
	expect("da39a3ee5e6b4b0d3255bfef95601890afd80709",
	       "[file:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709']");
}

static void what_is_none_of_these_is_what_was_seen(void **state)
{
	(void)state;
	expect("", "[domain-name:value = 'it\\'s\\\\seen.example']");
	expect("no such thing", "[domain-name:value = 'it\\'s\\\\seen.example']");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_equal_and_networks_contain),
		cmocka_unit_test(a_port_belongs_to_its_address),
		cmocka_unit_test(a_name_stands_for_the_names_below_it),
		cmocka_unit_test(a_name_claims_only_what_is_matched),
		cmocka_unit_test(a_url_without_scheme_is_both),
		cmocka_unit_test(a_url_prefix_is_open_at_its_end),
		cmocka_unit_test(digests_are_told_by_their_size),
		cmocka_unit_test(what_is_none_of_these_is_what_was_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
