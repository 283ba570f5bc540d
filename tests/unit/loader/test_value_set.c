#include "tests/unit/unit_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "loader/value_set.h"

static void values_are_new_once(void **state)
{
	enum { COUNT = 200000 };
	struct value_set set = {0};
	char text[32];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < COUNT; i++) {
			int size = snprintf(text, sizeof(text), "name-%d.example", i);

			assert_int_equal(value_set_add(&set, slice_of(text, (size_t)size)),
			                 round == 0);
		}
	}
	assert_int_equal(set.value_count, COUNT);
	value_set_close(&set);
	assert_int_equal(set.value_count, 0);
	assert_int_equal(value_set_add(&set, slice_text("name-1.example")), 1);
	value_set_close(&set);
}

static void sizes_and_zeros_tell_values_apart(void **state)
{
	static const char zeros[4];
	struct value_set set = {0};

	(void)state;
	for (size_t size = 0; size <= sizeof(zeros); size++)
		assert_int_equal(value_set_add(&set, slice_of(zeros, size)), 1);
	assert_int_equal(value_set_add(&set, slice_of(zeros, 2)), 0);
	value_set_close(&set);
}

static void large_values_are_kept_whole(void **state)
{
	uint8_t *bytes = calloc(1, VALUE_SET_KEY_BYTES_MAX);
	struct value_set set = {0};

	(void)state;
	assert_non_null(bytes);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 200; i++) {
			bytes[VALUE_SET_KEY_BYTES_MAX - 1] = (uint8_t)i;
			assert_int_equal(
				value_set_add(&set, slice_of(bytes, VALUE_SET_KEY_BYTES_MAX)),
				round == 0);
		}
	}
	value_set_close(&set);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_new_once),
		cmocka_unit_test(sizes_and_zeros_tell_values_apart),
		cmocka_unit_test(large_values_are_kept_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
