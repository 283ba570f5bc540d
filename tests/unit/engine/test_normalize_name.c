#include "tests/unit/unit_test.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/normalize.h"

static void assert_name(const char *text, const char *expected)
{
	char name[NAME_BYTES_MAX + 1];

	assert_int_equal(normalize_name(slice_text(text), name), strlen(expected));
	assert_string_equal(name, expected);
}

static void names_have_one_spelling(void **state)
{
	(void)state;
	assert_name("Evil.EXAMPLE", "evil.example");
	assert_name("evil.example.", "evil.example");
	assert_name("com", "com");
	assert_name("_dmarc.Evil_one.example", "_dmarc.evil_one.example");
	assert_name("r3---sn-x.example", "r3---sn-x.example");
	assert_name("-x.example", "-x.example");
	assert_name("XN--BCHER-KVA.example", "xn--bcher-kva.example");
	assert_name("1.example", "1.example");
	assert_name("1.2.3.4.example", "1.2.3.4.example");
}

static void unicode_names_become_a_labels(void **state)
{
	(void)state;
	assert_name("bücher.example", "xn--bcher-kva.example");
	assert_name("BÜCHER.example.", "xn--bcher-kva.example");
	assert_name("faß.de", "xn--fa-hia.de"); // non-transitional: not "fass.de"
	assert_name("例え。テスト", "xn--r8jz45g.xn--zckzah");
	assert_name("ｅｖｉｌ．com", "evil.com");
	assert_name("r3---sn_x.bücher.example", "r3---sn_x.xn--bcher-kva.example");
}

static void what_is_no_name_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		".",
		"..",
		"a..b",
		".a",
		"a..",
		"a b",
		"*.evil.com",
		"evil.*",
		"1.2.3.4",
		"10.0.0.256",
		"::1",
		"a/b",
		"a:80",
		"user@a.com",
		"a%62.com",
		"a\x01.b",
		"12345",
		"\xff.com",
		"a\xc3.com",
		"\xc3\xbc..com",
		"a\u00a0b.com",
		"http://a.com",
		"a,b",
	};
	char name[NAME_BYTES_MAX + 1];
	(void)state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(normalize_name(slice_text(texts[i]), name), -EINVAL);
	assert_int_equal(normalize_name(slice_of("a\0b", 3), name), -EINVAL);
	assert_int_equal(normalize_name(slice_of("\xc3\xbc\0b", 4), name), -EINVAL);
}

static void labels_and_names_are_bounded(void **state)
{
	char text[300];
	char name[NAME_BYTES_MAX + 1];
	(void)state;

	memset(text, 'a', sizeof(text));
	assert_int_equal(normalize_name(slice_of(text, 63), name), 63);
	assert_int_equal(normalize_name(slice_of(text, 64), name), -EINVAL);
	assert_int_equal(normalize_wire_name(slice_of(text, 64), name), -EINVAL);
	for (size_t i = 63; i < sizeof(text); i += 64)
		text[i] = '.';
	assert_int_equal(normalize_name(slice_of(text, 253), name), 253);
	assert_int_equal(normalize_name(slice_of(text, 254), name), -EINVAL);
	assert_int_equal(normalize_wire_name(slice_of(text, 253), name), 253);
	assert_int_equal(normalize_wire_name(slice_of(text, 254), name), -EINVAL);
	text[253] = '.';
	assert_int_equal(normalize_wire_name(slice_of(text, 254), name), 253);
}

// The plain version, byte by byte.
static int plain_wire_name(struct slice text, char *ret_name)
{
	size_t label = 0;

	if (text.size > 0 && text.data[text.size - 1] == '.')
		text.size--;
	if (text.size == 0 || text.size > NAME_BYTES_MAX)
		return -EINVAL;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t byte = text.data[i];

		if (byte <= ' ' || byte == 0x7f || (byte == '.' && label == 0))
			return -EINVAL;
		label = byte == '.' ? 0 : label + 1;
		if (label > 63)
			return -EINVAL;
		ret_name[i] = (char)(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
	}
	return label == 0 ? -EINVAL : (int)text.size;
}

static void assert_same_as_plain(struct slice text)
{
	char name[NAME_BYTES_MAX + 1];
	char plain[NAME_BYTES_MAX + 1];
	// Exactly as large as the text, so that ASAN sees a read beyond it.
	uint8_t *copy = malloc(text.size > 0 ? text.size : 1);

	memcpy(copy, text.data, text.size);
	int size = normalize_wire_name(slice_of(copy, text.size), name);
	assert_int_equal(size, plain_wire_name(text, plain));
	if (size > 0)
		assert_memory_equal(name, plain, size);
	free(copy);
}

static void wire_names_equal_the_plain_version(void **state)
{
	static const char alphabet[] = "abcxyzABCXYZ019-_....@[`{\x7e\x80\xc1\xda\xff";
	uint8_t text[320];
	(void)state;

	srandom(7);
	for (unsigned round = 0; round < 200000; round++) {
		size_t size = (size_t)random() % (round % 8 == 0 ? sizeof(text) : 40);

		for (size_t i = 0; i < size; i++)
			text[i] = (uint8_t)alphabet[(size_t)random() % (sizeof(alphabet) - 1)];
		if (size > 0 && random() % 16 == 0)
			text[(size_t)random() % size] = (uint8_t)random();
		assert_same_as_plain(slice_of(text, size));
	}
}

static void wire_names_are_taken_as_they_are(void **state)
{
	char name[NAME_BYTES_MAX + 1];
	(void)state;

	assert_int_equal(normalize_wire_name(slice_text("A*b.\xc3\x9c.C."), name), 8);
	assert_string_equal(name, "a*b.\xc3\x9c.c");
	assert_int_equal(normalize_wire_name(slice_text("a b"), name), -EINVAL);
	assert_int_equal(normalize_wire_name(slice_of(NULL, 0), name), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_one_spelling),
		cmocka_unit_test(unicode_names_become_a_labels),
		cmocka_unit_test(what_is_no_name_is_refused),
		cmocka_unit_test(labels_and_names_are_bounded),
		cmocka_unit_test(wire_names_equal_the_plain_version),
		cmocka_unit_test(wire_names_are_taken_as_they_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
