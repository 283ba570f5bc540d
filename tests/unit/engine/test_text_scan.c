#include "engine/string_pool.h"
#include "engine/text_scan.h"
#include "tests/unit/unit_test.h"

enum { TEXTS = 5 };

static const char *const texts[TEXTS] = {"one.Example", "", "two.example.net", "exampl",
                                         "three.EXAMPLE"};

static void fill(struct string_pool *pool, uint32_t references[TEXTS])
{
	for (unsigned i = 0; i < TEXTS; i++)
		assert_int_equal(string_pool_add(pool, slice_text(texts[i]), &references[i]), 0);
}

static void texts_may_be_asked_for_in_any_order(void **state)
{
	static const unsigned orders[][TEXTS] = {
		{0, 1, 2, 3, 4}, {4, 3, 2, 1, 0}, {2, 0, 4, 1, 3}, {3, 3, 0, 0, 4}};
	static const bool expected[TEXTS] = {true, false, true, false, true};
	struct string_pool pool = {};
	uint32_t references[TEXTS];

	(void)state;
	fill(&pool, references);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct text_scan scan = {block_slice(&pool.bytes), slice_text("example")};

		for (unsigned k = 0; k < TEXTS; k++)
			assert_int_equal(text_scan_holds(&scan, references[orders[i][k]], 0),
			                 expected[orders[i][k]]);
	}
	string_pool_close(&pool);
}

static void a_text_that_is_not_there_holds_nothing(void **state)
{
	struct string_pool pool = {};
	uint32_t references[TEXTS];

	(void)state;
	fill(&pool, references);

	struct text_scan scan = {block_slice(&pool.bytes), slice_text("e")};
	assert_false(text_scan_holds(&scan, UINT32_MAX, 0));
	assert_false(text_scan_holds(&scan, (uint32_t)pool.bytes.size, 0));

	struct text_scan nothing = {{0}, slice_text("e")};
	assert_false(text_scan_holds(&nothing, 0, 0));
	string_pool_close(&pool);
}

static void only_letters_have_two_cases(void **state)
{
	(void)state;
	assert_true(text_scan_is_equal(slice_text("aZ[9"), slice_text("Az[9")));
	assert_false(text_scan_is_equal(slice_text("[@"), slice_text("{`")));
	assert_false(text_scan_is_equal(slice_text("a"), slice_text("ab")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_may_be_asked_for_in_any_order),
		cmocka_unit_test(a_text_that_is_not_there_holds_nothing),
		cmocka_unit_test(only_letters_have_two_cases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
