// Pages that come again: whatever the length of the way to the circle, and around it.
#include "tests/unit/unit_test.h"

#include <string.h>

#include "loader/circle.h"

static bool takes(struct circle *circle, uint64_t page)
{
	uint8_t digest[CIRCLE_DIGEST_BYTES] = {0};

	memcpy(digest, &page, sizeof(page));
	return circle_is_closed(circle, digest);
}

static void pages_that_differ_are_no_circle(void **state)
{
	struct circle circle = {0};

	(void)state;
	for (uint64_t page = 0; page < 1000; page++)
		assert_false(takes(&circle, page));
}

static void every_circle_is_found_in_its_third_round(void **state)
{
	(void)state;
	for (uint64_t before = 0; before < 20; before++)
		for (uint64_t length = 1; length < 20; length++) {
			struct circle circle = {0};
			uint64_t count = 0;

			while (!takes(&circle,
			              count < before ? 1000 + count : (count - before) % length))
				count++;
			assert_true(count >= before + length);
			assert_true(count <= 3 * (before + length));
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_that_differ_are_no_circle),
		cmocka_unit_test(every_circle_is_found_in_its_third_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
