#include "tests/unit/unit_test.h"

#include <errno.h>

#include "engine/normalize.h"

static void assert_refanged(const char *text, const char *expected)
{
	char out[128];
	size_t size = normalize_refang(slice_text(text), out);

	assert_int_equal(size, strlen(expected));
	assert_memory_equal(out, expected, size);
	assert_true(size <= strlen(text));
}

static void defanged_values_are_refanged(void **state)
{
	static const char *const pairs[][2] = {
		{"hxxp://evil[.]example/x", "http://evil.example/x"},
		{"hXXps[:]//evil(.)example", "https://evil.example"},
		{"HXXP[://]evil{.}example", "http://evil.example"},
		{"h**p://evil.example", "http://evil.example"},
		{"hxtps://evil.example", "https://evil.example"},
		{"evil[dot]co(DOT)jp", "evil.co.jp"},
		{"evil{dot}com", "evil.com"},
		{"user[@]evil[.]com", "user@evil.com"},
		{"user[at]evil(at)com", "user@evil@com"},
		{"http(:)//evil.com", "http://evil.com"},
		{"evil\\.com", "evil.com"},
		{"192[.]0[.]2[.]1", "192.0.2.1"},
		{"2001[:]db8[:][:]1", "2001:db8::1"},
		{"<http://evil.com>", "http://evil.com"},
		{"\"evil.com\"", "evil.com"},
		{"'<hxxp://evil[.]com>'", "http://evil.com"},
		{"hxxps:\\\\evil.com", "https:\\\\evil.com"},
		{"evil.com[/]path", "evil.com/path"},
	};
	(void)state;

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		assert_refanged(pairs[i][0], pairs[i][1]);
}

static void plain_values_are_left_alone(void **state)
{
	static const char *const texts[] = {
		"http://evil.example/x",
		"evil.example.",
		"evil.example,",
		"hxxp",
		"hxxp.example",
		"[::1]",
		"http://[2001:db8::1]/",
		"a[b]c",
		"<evil.com",
		"\"",
		"",
		"[",
		"\\",
		"[do",
	};
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_refanged(texts[i], texts[i]);
}

static void assert_defanged(const char *text, const char *expected)
{
	char out[128];

	normalize_defang(slice_text(text), out, sizeof(out));
	assert_string_equal(out, expected);
}

static void what_a_feed_defanged_is_not_defanged_twice(void **state)
{
	(void)state;
	assert_defanged("203.0.113[.]1", "203[.]0[.]113[.]1");
	assert_defanged("hxxp://files.bad[.]example/a.b", "hxxp://files[.]bad[.]example/a.b");
}

static void literals_of_a_pattern_are_defanged(void **state)
{
	(void)state;
	assert_defanged("[url:value = 'http://bad.example/x.php']",
	                "[url:value = 'hxxp://bad[.]example/x.php']");
	assert_defanged(
		"[file:hashes.'SHA-256' = 'ab' OR domain-name:value LIKE '%.bad.example']",
		"[file:hashes.'SHA-256' = 'ab' OR domain-name:value LIKE '%[.]bad[.]example']");
	assert_defanged("[ipv6-addr:value = '2001:db8::1'] AND [a:b = 'c.d",
	                "[ipv6-addr:value = '2001[:]db8[:][:]1'] AND [a:b = 'c[.]d");
	assert_defanged("[domain-name:value\x1b = 'a\x1b.b']", "[domain-name:value? = 'a?[.]b']");
}

static void values_for_people_are_defanged(void **state)
{
	(void)state;
	assert_defanged("http://bad.example/x.php?a.b", "hxxp://bad[.]example/x.php?a.b");
	assert_defanged("https://bad.example:81/", "hxxps://bad[.]example:81/");
	assert_defanged("bad.example/x.php", "bad[.]example/x.php");
	assert_defanged("bad.example", "bad[.]example");
	assert_defanged("192.0.2.1", "192[.]0[.]2[.]1");
	assert_defanged("2001:db8::1", "2001[:]db8[:][:]1");
	assert_defanged("192.0.2.0/24", "192[.]0[.]2[.]0/24");
	assert_defanged("d41d8cd98f00b204e9800998ecf8427e", "d41d8cd98f00b204e9800998ecf8427e");
	assert_defanged("httpbad.example", "httpbad[.]example");
	assert_defanged("", "");
}

static void a_defanged_value_cannot_write_to_the_terminal(void **state)
{
	(void)state;
	assert_defanged("a\x1b[2Jb\xff.\xc3\xbc\x7f\xc2\x9b", "a?[2Jb?[.]\xc3\xbc??");
}

static void defanged_text_is_cut_between_characters(void **state)
{
	char out[16];
	(void)state;

	memset(out, '@', sizeof(out));
	normalize_defang(slice_text("ab.c"), out, 5);
	assert_string_equal(out, "ab");
	assert_int_equal(out[5], '@');
	normalize_defang(slice_text("ab\xc3\xbc"), out, 4);
	assert_string_equal(out, "ab");
	normalize_defang(slice_text("http://x"), out, 4);
	assert_string_equal(out, "");
	normalize_defang(slice_text("x"), out, 0);
}

static void refang_undoes_defang(void **state)
{
	static const char *const texts[] = {"http://bad.example/x.php", "https://192.0.2.1/",
	                                    "bad.example", "2001:db8::1", "192.0.2.1"};
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		char defanged[128];

		normalize_defang(slice_text(texts[i]), defanged, sizeof(defanged));
		assert_refanged(defanged, texts[i]);
	}
}

static void hashes_are_told_by_their_size(void **state)
{
	static const char digits[] =
		"00112233445566778899AabbCcddEeff00112233445566778899aabbccddeeff"
		"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	static const unsigned sizes[] = {16, 20, 32, 64};
	uint8_t digest[HASH_BYTES_MAX];
	enum hash_algorithm algorithm;
	(void)state;

	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++) {
		assert_int_equal(normalize_hash(slice_of(digits, 2 * sizes[i]), digest, &algorithm),
		                 sizes[i]);
		assert_int_equal(algorithm, i);
		assert_int_equal(digest[10], 0xaa);
	}
	assert_int_equal(normalize_hash(slice_of(digits, 34), digest, &algorithm), -EINVAL);
	assert_int_equal(normalize_hash(slice_text(""), digest, &algorithm), -EINVAL);
	assert_int_equal(
		normalize_hash(slice_text("0011223344556677889900112233445g"), digest, &algorithm),
		-EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defanged_values_are_refanged),
		cmocka_unit_test(plain_values_are_left_alone),
		cmocka_unit_test(values_for_people_are_defanged),
		cmocka_unit_test(what_a_feed_defanged_is_not_defanged_twice),
		cmocka_unit_test(literals_of_a_pattern_are_defanged),
		cmocka_unit_test(a_defanged_value_cannot_write_to_the_terminal),
		cmocka_unit_test(defanged_text_is_cut_between_characters),
		cmocka_unit_test(refang_undoes_defang),
		cmocka_unit_test(hashes_are_told_by_their_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
