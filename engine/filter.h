// engine/filter.h — says cheaply that a hash is not in a table.
//
// A Bloom filter whose bits for one hash all lie in one 64-bit word, so that asking costs one
// cache line. It only ever rules out; what it lets pass is compared in full elsewhere. A hash
// may carry two marks: that an entry is here, and that entries lie deeper (the parents of names,
// the beginnings of URLs), which is how a walk over labels ends after the first look.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"
#include "base/slice.h"

struct filter {
	const uint64_t *words;
	uint64_t word_count; // 0: nothing passes
};

static inline struct filter filter_open(struct slice section)
{
	return (struct filter){(const uint64_t *)section.data, section.size / sizeof(uint64_t)};
}

static inline uint64_t filter_word_index(uint64_t word_count, uint64_t hash)
{
	return (uint64_t)(((__uint128_t)hash * word_count) >> 64);
}

static inline uint64_t filter_entry_bits(uint64_t hash)
{
	return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63) |
	       UINT64_C(1) << (hash >> 12 & 63);
}

static inline uint64_t filter_deeper_bits(uint64_t hash)
{
	return UINT64_C(1) << (hash >> 18 & 63) | UINT64_C(1) << (hash >> 24 & 63);
}

static inline void filter_prefetch(const struct filter *filter, uint64_t hash)
{
	prefetch_read(&filter->words[filter_word_index(filter->word_count, hash)]);
}

// The word of `hash`; word_count must not be 0. HOT.
static inline uint64_t filter_word(const struct filter *filter, uint64_t hash)
{
	return filter->words[filter_word_index(filter->word_count, hash)];
}

// 1 when filter_entry_bits() of `hash` are all set, else 0. By shifting the word: that takes half
// the instructions of making a mask and comparing with it.
static inline unsigned filter_has_entry(uint64_t word, uint64_t hash)
{
	return (unsigned)(word >> (hash & 63) & word >> (hash >> 6 & 63) &
	                  word >> (hash >> 12 & 63) & 1);
}

// Likewise of filter_deeper_bits().
static inline unsigned filter_has_deeper(uint64_t word, uint64_t hash)
{
	return (unsigned)(word >> (hash >> 18 & 63) & word >> (hash >> 24 & 63) & 1);
}
