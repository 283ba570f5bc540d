#include "tests/unit/unit_test.h"

#include <stdio.h>

#include "engine/string_pool.h"

static struct slice text_at(const struct string_pool *pool, uint32_t reference)
{
	return string_pool_get(block_slice(&pool->bytes), reference);
}

static void a_shared_text_is_held_once(void **state)
{
	struct string_pool pool = {};
	uint32_t first;
	uint32_t again;
	uint32_t other;
	(void)state;

	assert_int_equal(string_pool_share(&pool, slice_text("Emotet"), &first), 0);
	assert_int_equal(string_pool_share(&pool, slice_text("Qakbot"), &other), 0);
	assert_int_equal(string_pool_share(&pool, slice_text("Emotet"), &again), 0);
	assert_int_equal(first, again);
	assert_int_not_equal(first, other);
	assert_int_equal(string_pool_share(&pool, slice_text(""), &other), 0);
	assert_int_equal(other, 0);
	string_pool_close(&pool);
}

static void many_shared_and_interned_texts_are_all_found(void **state)
{
	enum { TEXTS = 200 * 1000 };
	struct string_pool pool = {};
	char text[32];
	(void)state;

	for (unsigned i = 0; i < TEXTS; i++) {
		uint32_t shared;
		uint32_t interned;
		uint32_t again;

		snprintf(text, sizeof(text), "name %u", i);
		assert_int_equal(string_pool_share(&pool, slice_text(text), &shared), 0);
		assert_true(slice_is(text_at(&pool, shared), text));
		assert_int_equal(string_pool_intern(&pool, slice_text(text), &interned), 0);
		assert_true(slice_is(text_at(&pool, interned), text));
		snprintf(text, sizeof(text), "name %u", i / 2);
		assert_int_equal(string_pool_intern(&pool, slice_text(text), &again), 0);
		assert_true(slice_is(text_at(&pool, again), text));
	}
	string_pool_close(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shared_text_is_held_once),
		cmocka_unit_test(many_shared_and_interned_texts_are_all_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
