// Items of DER: what is none is not taken.
#include "dataplane/der.h"

#include "tests/unit/unit_test.h"

#define BYTES(text) slice_of(text, sizeof(text) - 1)

static void items_follow_each_other(void **state)
{
	struct slice rest = BYTES("\x02\x01\x05\x30\x00\x04\x02hi");
	struct der_item item;
	struct slice content;

	(void)state;
	assert_true(der_next(&rest, &item));
	assert_int_equal(item.tag, DER_INTEGER);
	assert_true(slice_is(item.content, "\x05"));
	assert_int_equal(item.whole.size, 3);
	assert_false(der_take(&rest, DER_SET, &content));
	assert_true(der_take(&rest, DER_SEQUENCE, &content));
	assert_int_equal(content.size, 0);
	assert_true(der_take(&rest, DER_OCTET_STRING, &content));
	assert_true(slice_is(content, "hi"));
	assert_int_equal(rest.size, 0);
	assert_false(der_next(&rest, &item));
}

static void long_sizes_are_read(void **state)
{
	uint8_t bytes[4 + 300] = {0x04, 0x82, 0x01, 0x2c};
	struct slice rest = slice_of(bytes, sizeof(bytes));
	struct slice content;

	(void)state;
	assert_true(der_take(&rest, DER_OCTET_STRING, &content));
	assert_int_equal(content.size, 300);
}

static void what_der_does_not_allow_is_no_item(void **state)
{
	const struct {
		const char *what;
		struct slice bytes;
	} cases[] = {
		{"nothing", BYTES("")},
		{"no size", BYTES("\x04")},
		{"cut", BYTES("\x04\x03hi")},
		{"a size without end", BYTES("\x30\x80\x00\x00")},
		{"a size too long for its value", BYTES("\x04\x81\x02hi")},
		{"a size with a nought in front", BYTES("\x04\x82\x00\x81")},
		{"a size of five bytes", BYTES("\x04\x85\x01\x00\x00\x00\x00")},
		{"a size of all ones", BYTES("\x04\xff\xff\xff\xff\xff")},
		{"a size that is cut", BYTES("\x04\x82\x01")},
		{"a tag of several bytes", BYTES("\x1f\x81\x01\x00")},
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct slice rest = cases[i].bytes;
		struct der_item item;

		if (der_next(&rest, &item))
			fail_msg("an item: %s", cases[i].what);
		assert_int_equal(rest.size, cases[i].bytes.size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(items_follow_each_other),
		cmocka_unit_test(long_sizes_are_read),
		cmocka_unit_test(what_der_does_not_allow_is_no_item),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
