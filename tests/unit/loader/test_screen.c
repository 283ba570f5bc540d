#include "tests/unit/unit_test.h"

#include "engine/normalize.h"
#include "loader/screen.h"

static struct public_suffixes *suffixes;

static int load(void **state)
{
	(void)state;
	return public_suffixes_load(NULL, &suffixes);
}

static int unload(void **state)
{
	(void)state;
	public_suffixes_free(suffixes);
	return 0;
}

static const char *prefix_reason(const char *text, const char **ret_remark)
{
	struct prefix prefix;
	bool had_host_bits;

	assert_int_equal(normalize_prefix(slice_text(text), &prefix, &had_host_bits), 0);
	return screen_prefix(&prefix, ret_remark);
}

static void special_addresses_are_refused(void **state)
{
	static const char *const cases[][2] = {
		{"0.0.0.0", "unspecified address"},
		{"127.0.0.53", "loopback address"},
		{"169.254.1.1", "link-local address"},
		{"239.255.255.250", "multicast address"},
		{"255.255.255.255", "broadcast address"},
		{"::", "unspecified address"},
		{"::1", "loopback address"},
		{"fe80::1", "link-local address"},
		{"febf::1", "link-local address"},
		{"ff02::fb", "multicast address"},
		{"0.0.0.0/0", "prefix too wide"},
		{"64.0.0.0/7", "prefix too wide"},
		{"::/0", "prefix too wide"},
		{"2000::/15", "prefix too wide"},
		{"::/64", "prefix too wide"},
		{"::ffff:0:0/90", "prefix too wide"},
	};
	const char *remark;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *reason = prefix_reason(cases[i][0], &remark);

		if (reason == NULL || strcmp(reason, cases[i][1]) != 0)
			fail_msg("%s: %s", cases[i][0], reason);
	}
}

static void private_addresses_are_kept_with_a_remark(void **state)
{
	static const char *const texts[] = {"10.1.2.3", "172.31.255.255", "192.168.0.0/24",
	                                    "fd00::1"};
	const char *remark;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_null(prefix_reason(texts[i], &remark));
		assert_string_equal(remark, "private address");
	}
	assert_null(prefix_reason("203.0.113.7", &remark));
	assert_string_equal(remark, "address reserved for documentation");
}

static void ordinary_addresses_pass(void **state)
{
	static const char *const texts[] = {"8.0.0.0/8", "172.32.0.1", "223.255.255.255",
	                                    "2400::/16", "fec0::1"};
	const char *remark;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_null(prefix_reason(texts[i], &remark));
		assert_null(remark);
	}
}

static const char *name_reason(const char *name, uint8_t *kinds)
{
	const char *remark;

	return screen_name(suffixes, slice_text(name), kinds, &remark);
}

static void public_suffixes_are_refused(void **state)
{
	static const char *const names[] = {"co.uk",         "kawasaki.jp",  "foo.ck",
	                                    "a.kawasaki.jp", "in-addr.arpa", "xn--55qx5d.cn"};
	uint8_t kinds = ENTRY_EXACT | ENTRY_PARENT;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_string_equal(name_reason(names[i], &kinds), "public suffix");
	assert_string_equal(name_reason("com", &kinds), "single label");
	assert_int_equal(kinds, ENTRY_EXACT | ENTRY_PARENT);
}

static void names_that_are_no_suffix_pass(void **state)
{
	static const char *const names[] = {"example.co.uk",       "www.ck",
	                                    "city.kawasaki.jp",    "example.com",
	                                    "a.unknown-top-level", "x.github.io"};
	uint8_t kinds = ENTRY_EXACT | ENTRY_PARENT;

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		assert_null(name_reason(names[i], &kinds));
	assert_int_equal(kinds, ENTRY_EXACT | ENTRY_PARENT);
}

static void private_suffixes_lose_what_is_below(void **state)
{
	uint8_t both = ENTRY_EXACT | ENTRY_PARENT;
	uint8_t below = ENTRY_BELOW;

	(void)state;
	assert_null(name_reason("github.io", &both));
	assert_int_equal(both, ENTRY_EXACT);
	assert_non_null(name_reason("github.io", &below));
}

static void only_the_empty_files_digests_are_refused(void **state)
{
	static const char *const empty[] = {
		"d41d8cd98f00b204e9800998ecf8427e",
		"da39a3ee5e6b4b0d3255bfef95601890afd80709",
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		("cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce"
	         "47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"),
	};
	uint8_t digest[HASH_BYTES_MAX];
	enum hash_algorithm algorithm;

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		int size = normalize_hash(slice_text(empty[i]), digest, &algorithm);

		assert_true(size > 0);
		assert_non_null(screen_hash(algorithm, slice_of(digest, (size_t)size)));
		digest[0] ^= 1;
		assert_null(screen_hash(algorithm, slice_of(digest, (size_t)size)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_addresses_are_refused),
		cmocka_unit_test(private_addresses_are_kept_with_a_remark),
		cmocka_unit_test(ordinary_addresses_pass),
		cmocka_unit_test(public_suffixes_are_refused),
		cmocka_unit_test(names_that_are_no_suffix_pass),
		cmocka_unit_test(private_suffixes_lose_what_is_below),
		cmocka_unit_test(only_the_empty_files_digests_are_refused),
	};

	return cmocka_run_group_tests(tests, load, unload);
}
