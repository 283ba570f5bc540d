#include "tests/unit/unit_test.h"

#include "base/arena.h"

static void allocations_do_not_overlap_and_are_aligned(void **state)
{
	struct arena arena = {0};
	uint8_t *blocks[1000];
	(void)state;

	for (unsigned i = 0; i < 1000; i++) {
		blocks[i] = arena_allocate(&arena, i + 1);
		assert_non_null(blocks[i]);
		assert_int_equal((uintptr_t)blocks[i] % 8, 0);
		memset(blocks[i], (int)(i & 0xff), i + 1);
	}
	for (unsigned i = 0; i < 1000; i++) {
		assert_int_equal(blocks[i][0], i & 0xff);
		assert_int_equal(blocks[i][i], i & 0xff);
	}
	arena_close(&arena);
}

static void a_copy_is_terminated_and_its_own(void **state)
{
	struct arena arena = {0};
	char text[] = "evil.example";
	(void)state;

	struct slice copy = arena_copy(&arena, slice_text(text));
	text[0] = 'X';
	assert_string_equal((const char *)copy.data, "evil.example");
	assert_int_equal(copy.size, 12);
	assert_int_equal(arena_copy(&arena, slice_of(NULL, 0)).size, 0);
	arena_close(&arena);
}

static void more_than_a_block_fits_and_is_counted(void **state)
{
	struct arena arena = {0};
	(void)state;

	uint8_t *large = arena_allocate(&arena, 3 << 20);
	assert_non_null(large);
	memset(large, 1, 3 << 20);
	assert_true(arena.total_bytes >= 3 << 20);
	arena_close(&arena);
	assert_int_equal(arena.total_bytes, 0);
}

static void a_reset_gives_the_memory_back_for_reuse(void **state)
{
	struct arena arena = {0};
	(void)state;

	for (unsigned i = 0; i < 100; i++)
		assert_non_null(arena_allocate(&arena, 100 * 1024));
	size_t before = arena.total_bytes;
	arena_reset(&arena);
	assert_true(arena.total_bytes < before);
	assert_non_null(arena_allocate(&arena, 1000));
	arena_close(&arena);
}

static void an_impossible_size_is_refused(void **state)
{
	struct arena arena = {0};
	(void)state;

	assert_null(arena_allocate(&arena, SIZE_MAX - 3));
	arena_close(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations_do_not_overlap_and_are_aligned),
		cmocka_unit_test(a_copy_is_terminated_and_its_own),
		cmocka_unit_test(more_than_a_block_fits_and_is_counted),
		cmocka_unit_test(a_reset_gives_the_memory_back_for_reuse),
		cmocka_unit_test(an_impossible_size_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
