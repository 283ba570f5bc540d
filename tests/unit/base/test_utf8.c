#include "tests/unit/unit_test.h"

#include "base/utf8.h"

static void well_formed_text_is_accepted(void **state)
{
	(void)state;

	assert_true(utf8_is_valid(slice_text("")));
	assert_true(utf8_is_valid(slice_text("ascii, \xc3\xa9, \xe9\x96\xa2\xe6\x89\x80")));
	assert_true(utf8_is_valid(slice_text("\xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf \xee\x80\x80")));
	assert_int_equal(utf8_sequence_size(slice_text("\xe9\x96\xa2x")), 3);
}

static void every_kind_of_damage_is_refused(void **state)
{
	static const char *const damaged[] = {
		"\x80",             // a continuation first
		"\xc3",             // cut short
		"\xe9\x96",         // cut short
		"\xc0\xaf",         // overlong
		"\xe0\x80\xaf",     // overlong
		"\xf0\x80\x80\xaf", // overlong
		"\xed\xa0\x80",     // a surrogate
		"\xf4\x90\x80\x80", // above U+10FFFF
		"\xf5\x80\x80\x80", // no such first byte
		"\xff",             // likewise
		"\xe9\x28\xa2",     // a second byte that is none
	};
	(void)state;

	for (size_t i = 0; i < sizeof(damaged) / sizeof(damaged[0]); i++) {
		assert_false(utf8_is_valid(slice_text(damaged[i])));
		assert_int_equal(utf8_sequence_size(slice_text(damaged[i])), 0);
	}
}

static void damage_is_found_wherever_it_stands(void **state)
{
	char text[] = "twenty-four ascii bytes!";
	(void)state;

	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		char kept = text[i];

		text[i] = '\x80';
		assert_false(utf8_is_valid(slice_text(text)));
		text[i] = kept;
	}
	assert_true(utf8_is_valid(slice_text(text)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(well_formed_text_is_accepted),
		cmocka_unit_test(every_kind_of_damage_is_refused),
		cmocka_unit_test(damage_is_found_wherever_it_stands),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
