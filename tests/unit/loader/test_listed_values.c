#include "tests/unit/unit_test.h"

#include "loader/listed_values.h"

static void all_indicators_of_a_value_are_taken_out_once(void **state)
{
	struct listed_values values = {0};
	uint32_t id = 0;

	(void)state;
	assert_int_equal(listed_values_take(&values, 7, &id), 0);
	assert_int_equal(listed_values_add(&values, 7, 1), 0);
	assert_int_equal(listed_values_add(&values, 8, 2), 0);
	assert_int_equal(listed_values_add(&values, 7, 3), 0);
	assert_int_equal(listed_values_take(&values, 7, &id), 1);
	assert_int_equal(id, 3);
	assert_int_equal(listed_values_take(&values, 7, &id), 1);
	assert_int_equal(id, 1);
	assert_int_equal(listed_values_take(&values, 7, &id), 0);
	assert_int_equal(listed_values_add(&values, 7, 4), 0);
	assert_int_equal(listed_values_take(&values, 7, &id), 1);
	assert_int_equal(id, 4);
	assert_int_equal(listed_values_take(&values, 7, &id), 0);
	assert_int_equal(listed_values_take(&values, 8, &id), 1);
	listed_values_close(&values);
}

// Values whose places in the index are the same, added and taken while it grows.
static void the_index_grows_with_what_is_added(void **state)
{
	enum { COUNT = 20000 };
	struct listed_values values = {0};
	uint32_t id;

	(void)state;
	for (uint32_t i = 1; i <= COUNT; i++) {
		assert_int_equal(listed_values_add(&values, i * UINT64_C(0x10001), i), 0);
		if (i % 3 == 0) {
			assert_int_equal(listed_values_take(&values, i * UINT64_C(0x10001), &id),
			                 1);
			assert_int_equal(id, i);
		}
	}
	for (uint32_t i = 1; i <= COUNT; i++)
		assert_int_equal(listed_values_take(&values, i * UINT64_C(0x10001), &id),
		                 i % 3 != 0);
	listed_values_close(&values);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_indicators_of_a_value_are_taken_out_once),
		cmocka_unit_test(the_index_grows_with_what_is_added),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
