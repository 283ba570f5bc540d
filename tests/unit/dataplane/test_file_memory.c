// cmocka needs these before its own header.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "dataplane/file_memory.h"

enum { BUDGET_BYTES = 300 * 1024, BLOCKS = 64 }; // of no round number

static void blocks_of_any_size_do_not_overlap(void **state)
{
	struct file_memory memory;
	uint8_t *blocks[BLOCKS] = {NULL};
	size_t sizes[BLOCKS] = {0};
	uint64_t random = 1;

	(void)state;
	assert_int_equal(file_memory_open(&memory, BUDGET_BYTES), 0);
	for (unsigned step = 0; step < 20000; step++) {
		unsigned i;

		random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
		i = (unsigned)(random >> 33) % BLOCKS;
		for (size_t at = 0; blocks[i] != NULL && at < sizes[i]; at += sizes[i] - 1)
			assert_int_equal(blocks[i][at], i);
		file_memory_give(&memory, blocks[i]);
		sizes[i] = 2 + (random >> 40) % (1u << (random >> 60));
		blocks[i] = file_memory_take(&memory, sizes[i]);
		if (blocks[i] != NULL)
			memset(blocks[i], (int)i, sizes[i]);
	}
	for (unsigned i = 0; i < BLOCKS; i++)
		file_memory_give(&memory, blocks[i]);
	assert_int_equal(memory.used_bytes, 0);
	// All of it has come together again.
	assert_non_null(file_memory_take(&memory, 256 * 1024));
	file_memory_close(&memory);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct file_memory memory;
	void *block;

	(void)state;
	assert_int_equal(file_memory_open(&memory, 4096), 0);
	assert_null(file_memory_take(&memory, 4097));
	assert_null(file_memory_take(&memory, SIZE_MAX));
	block = file_memory_take(&memory, 2049);
	assert_non_null(block);
	assert_int_equal(memory.used_bytes, 4096);
	assert_null(file_memory_take(&memory, 1));
	file_memory_give(&memory, block);
	assert_ptr_equal(file_memory_take(&memory, 1), block);
	file_memory_close(&memory);
}

// A few streams of brotli may claim large windows: others are decoded all the same.
static void large_blocks_leave_a_quarter_for_small_ones(void **state)
{
	const size_t large = FILE_MEMORY_LARGE_BYTES;
	struct file_memory memory;

	(void)state;
	assert_int_equal(file_memory_open(&memory, 8 * large), 0);
	for (unsigned i = 0; i < 6; i++)
		assert_non_null(file_memory_take(&memory, large));
	assert_null(file_memory_take(&memory, large));
	for (unsigned i = 0; i < 4; i++)
		assert_non_null(file_memory_take(&memory, large / 2));
	assert_null(file_memory_take(&memory, 1));
	file_memory_close(&memory);
}

static void closing_and_giving_nothing_is_fine(void **state)
{
	struct file_memory memory = {0};

	(void)state;
	file_memory_give(&memory, NULL);
	file_memory_close(&memory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(blocks_of_any_size_do_not_overlap),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(large_blocks_leave_a_quarter_for_small_ones),
		cmocka_unit_test(closing_and_giving_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
