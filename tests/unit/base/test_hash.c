#include "tests/unit/unit_test.h"

#include "base/hash.h"

// No two of a few thousand short inputs may meet, whatever the seed.
static void short_inputs_have_hashes_of_their_own(void **state)
{
	static const uint64_t seeds[] = {0, 1, HASH_SECRET_0, HASH_SECRET_1};
	(void)state;

	for (size_t s = 0; s < sizeof(seeds) / sizeof(seeds[0]); s++) {
		uint64_t hashes[300];

		for (unsigned i = 0; i < 300; i++) {
			char text[16] = "indicator------";

			text[0] = (char)('a' + i % 20);
			hashes[i] = hash_bytes(seeds[s], text, i / 20 + 1);
			for (unsigned j = 0; j < i; j++)
				assert_true(hashes[i] != hashes[j]);
		}
	}
}

static void the_seed_and_the_size_count(void **state)
{
	static const uint8_t zeros[32];
	(void)state;

	assert_true(hash_bytes(0, zeros, 8) != hash_bytes(0, zeros, 9));
	assert_true(hash_bytes(0, zeros, 0) != hash_bytes(0, zeros, 8));
	assert_true(hash_bytes(0, zeros, 8) != hash_bytes(1, zeros, 8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_inputs_have_hashes_of_their_own),
		cmocka_unit_test(the_seed_and_the_size_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
