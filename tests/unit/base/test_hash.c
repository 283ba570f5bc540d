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
	assert_true(hash_bytes(7, NULL, 0) == hash_bytes(7, zeros, 0));
	assert_true(hash_bytes(0, zeros, 8) != hash_bytes(1, zeros, 8));
}

static const uint64_t notable_words[] = {
	0,
	1,
	UINT64_MAX,
	UINT64_C(1) << 63,
	HASH_SECRET_0,
	HASH_SECRET_1,
	HASH_SECRET_2,
	HASH_SECRET_0 ^ HASH_SECRET_1,
	~HASH_SECRET_0,
	~HASH_SECRET_1,
	HASH_SECRET_1 - 1,
	HASH_SECRET_1 + 1,
};

enum { NOTABLE_WORDS = sizeof(notable_words) / sizeof(notable_words[0]) };

// A word that did would make all keys with it collide, whatever the seed.
static void no_word_cancels_the_state(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NOTABLE_WORDS; i++) {
		uint64_t results[64];

		for (unsigned s = 0; s < 64; s++) {
			results[s] = hash_word(hash_word(12345, s), notable_words[i]);
			for (unsigned other = 0; other < s; other++)
				assert_true(results[s] != results[other]);
		}
	}
}

static void no_word_hides_the_seed_or_what_stands_beside_it(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NOTABLE_WORDS; i++) {
		for (unsigned at = 0; at < 3; at++) {
			uint64_t results[64];

			for (unsigned n = 0; n < 64; n++) {
				uint64_t key[3] = {n / 8, n / 8, n / 8};

				key[at] = notable_words[i];
				results[n] = hash_bytes(n % 8, key, sizeof(key));
				for (unsigned other = 0; other < n; other++)
					assert_true(results[n] != results[other]);
			}
		}
	}
}

static void no_first_word_makes_up_for_the_size(void **state)
{
	(void)state;
	for (uint64_t difference = 1; difference < 32; difference++) {
		uint64_t key[5] = {77};
		uint64_t other[5] = {77 ^ difference};

		for (size_t size = 8; size <= sizeof(key); size++)
			if ((size ^ difference) >= 8 && (size ^ difference) <= sizeof(key))
				assert_true(hash_bytes(5, key, size) !=
				            hash_bytes(5, other, size ^ difference));
	}
}

// Each bit of a key turns each bit of the hash over in half of the cases: 512 keys, so that a
// fair coin stays within a quarter and three quarters but once in 10^29.
static void every_bit_of_a_key_reaches_every_bit_of_the_hash(void **state)
{
	enum { KEYS = 512, BITS = 128 };
	static unsigned turned[BITS][64];
	(void)state;

	for (unsigned i = 0; i < KEYS; i++) {
		uint64_t key[2] = {hash_word(1, i), hash_word(2, i)};
		uint64_t hash = hash_bytes(77, key, sizeof(key));

		for (unsigned bit = 0; bit < BITS; bit++) {
			uint64_t other[2] = {key[0], key[1]};
			uint64_t difference;

			other[bit / 64] ^= UINT64_C(1) << bit % 64;
			difference = hash ^ hash_bytes(77, other, sizeof(other));
			for (unsigned out = 0; out < 64; out++)
				turned[bit][out] += difference >> out & 1;
		}
	}
	for (unsigned bit = 0; bit < BITS; bit++)
		for (unsigned out = 0; out < 64; out++)
			assert_in_range(turned[bit][out], KEYS / 4, KEYS / 4 * 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(short_inputs_have_hashes_of_their_own),
		cmocka_unit_test(the_seed_and_the_size_count),
		cmocka_unit_test(no_word_cancels_the_state),
		cmocka_unit_test(no_word_hides_the_seed_or_what_stands_beside_it),
		cmocka_unit_test(no_first_word_makes_up_for_the_size),
		cmocka_unit_test(every_bit_of_a_key_reaches_every_bit_of_the_hash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
