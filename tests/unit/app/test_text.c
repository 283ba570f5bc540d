#include "app/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/timestamp.h"

static void counts_are_grouped(void **state)
{
	(void)state;
	assert_string_equal(text_count(0).text, "0");
	assert_string_equal(text_count(999).text, "999");
	assert_string_equal(text_count(1000).text, "1,000");
	assert_string_equal(text_count(2100000).text, "2,100,000");
	assert_string_equal(text_count(UINT64_MAX).text, "18,446,744,073,709,551,615");
}

static void sizes_have_units(void **state)
{
	(void)state;
	assert_string_equal(text_size(999).text, "999 B");
	assert_string_equal(text_size(1000).text, "1.0 kB");
	assert_string_equal(text_size(999960).text, "1.0 MB");
	assert_string_equal(text_size(1772400000).text, "1.8 GB");
	assert_string_equal(text_size(UINT64_MAX).text, "18.4 EB");
}

static void rates_and_durations_are_short(void **state)
{
	(void)state;
	assert_string_equal(text_rate(950).text, "950");
	assert_string_equal(text_rate(950000).text, "950 k");
	assert_string_equal(text_rate(14.88e6).text, "14.88 M");
	assert_string_equal(text_rate(7.44787e9).text, "7.45 G");
	assert_string_equal(text_duration(12 * NS_PER_MS).text, "0.012 s");
	assert_string_equal(text_duration(75 * NS_PER_S + 260 * NS_PER_MS).text, "75.3 s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_are_grouped),
		cmocka_unit_test(sizes_have_units),
		cmocka_unit_test(rates_and_durations_are_short),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
