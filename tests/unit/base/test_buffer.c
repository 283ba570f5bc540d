#include "tests/unit/unit_test.h"

#include "base/buffer.h"

static void what_is_appended_stands_in_order(void **state)
{
	struct buffer buffer = {0};
	(void)state;

	buffer_append_text(&buffer, "a");
	buffer_append_byte(&buffer, '-');
	buffer_format(&buffer, "%d/%s", 42, "x");
	buffer_append_slice(&buffer, slice_text("!"));
	buffer_append(&buffer, NULL, 0);
	assert_true(slice_is(buffer_slice(&buffer), "a-42/x!"));
	buffer_close(&buffer);
}

static void it_grows_far_beyond_its_first_size(void **state)
{
	struct buffer buffer = {0};
	(void)state;

	for (unsigned i = 0; i < 100000; i++)
		buffer_format(&buffer, "%06u", i);
	assert_int_equal(buffer.size, 600000);
	assert_memory_equal(buffer.data + 6 * 12345, "012345", 6);
	buffer_close(&buffer);
}

static void an_impossible_size_fails_and_stays_failed(void **state)
{
	struct buffer buffer = {0};
	(void)state;

	buffer_append_text(&buffer, "kept");
	assert_false(buffer_reserve(&buffer, SIZE_MAX / 2));
	buffer_append_text(&buffer, "lost");
	assert_true(buffer.failed);
	assert_true(slice_is(buffer_slice(&buffer), "kept"));
	buffer_close(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_appended_stands_in_order),
		cmocka_unit_test(it_grows_far_beyond_its_first_size),
		cmocka_unit_test(an_impossible_size_fails_and_stays_failed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
