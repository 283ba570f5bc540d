// base/hash.h — the one keyed hash.
//
// A folded-multiply hash in the manner of wyhash (github.com/wangyi-fudan/wyhash, public
// domain): fast, well mixed, and keyed, so that whoever does not know the seed cannot craft
// collisions at will. It is not a MAC. Results are the same on every machine of either byte
// order's little-endian kind; databases are little-endian only.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define HASH_SECRET_0 UINT64_C(0xa0761d6478bd642f)
#define HASH_SECRET_1 UINT64_C(0xe7037ed1a0b428db)
#define HASH_SECRET_2 UINT64_C(0x8ebc6af09c88c6e3)

// Multiplies to 128 bits and folds the halves: every input bit reaches every output bit.
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
	__uint128_t product = (__uint128_t)a * b;
	uint64_t halves[2];

	// By a copy: of shifting and masking gcc 12 makes a detour through the stack.
	memcpy(halves, &product, sizeof(product));
	return halves[0] ^ halves[1];
}

// One step: takes the next eight bytes, as a word, into `state`. A state begins as the seed.
//
// The word comes to the state before the product, never as a factor of its own: a factor of
// zero would cancel the state, and whoever knows the constants could write the word that makes
// it zero into every key. So a word that differs from another gives different input, whatever
// the state; but `state` and `word` must not both be known to a stranger.
static inline uint64_t hash_word(uint64_t state, uint64_t word)
{
	return hash_mix(state ^ word ^ HASH_SECRET_0, HASH_SECRET_1);
}

// The last 0-7 bytes of a run as one word, zero-padded. Reads only `size` bytes.
static inline uint64_t hash_tail_word(const uint8_t *bytes, size_t size)
{
	uint64_t word = 0;

	if ((size & 7) > 0) // else `bytes` may be NULL
		memcpy(&word, bytes, size & 7);
	return word;
}

// Any bytes. The size is mixed in, so that trailing zeros count.
static inline uint64_t hash_bytes(uint64_t seed, const void *data, size_t size)
{
	const uint8_t *bytes = data;
	uint64_t state = seed;

	for (size_t left = size; left >= 8; bytes += 8, left -= 8) {
		uint64_t word;

		memcpy(&word, bytes, 8);
		state = hash_word(state, word);
	}
	// The size comes last: beside the first word, that word could make up for it. One product
	// alone does not mix the last word's bits enough.
	return hash_word(hash_word(state, hash_tail_word(bytes, size)),
	                 HASH_SECRET_2 ^ seed ^ size);
}
