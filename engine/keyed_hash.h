// engine/keyed_hash.h — how each kind of key becomes a keyed 64-bit hash.
//
// Used by build and look-up alike. The keys come from the build id, which no single contributor
// of indicators knows beforehand. Inlined: these lines are most of the cost of a miss.
#pragma once

#include "base/hash.h"
#include "engine/indicator.h"

struct hash_seeds {
	uint64_t first;
	uint64_t second;
};

static inline uint64_t keyed_hash_ipv4(const struct hash_seeds *seeds, uint32_t address)
{
	return hash_mix(address ^ seeds->first, seeds->second | 1);
}

// Both factors are keyed, so that no address makes one of them zero by design.
static inline uint64_t keyed_hash_words(const struct hash_seeds *seeds, uint64_t a, uint64_t b)
{
	return hash_mix(hash_mix(a ^ seeds->first, b ^ seeds->second) ^ HASH_SECRET_0,
	                seeds->second | 1);
}

static inline uint64_t keyed_hash_address(const struct hash_seeds *seeds,
                                          const struct address *address)
{
	uint64_t words[2];

	memcpy(words, address->octets, sizeof(words));
	return keyed_hash_words(seeds, words[0], words[1]);
}

// Digests are evenly spread already; 16 bytes of them are enough.
static inline uint64_t keyed_hash_digest(const struct hash_seeds *seeds, const uint8_t *digest)
{
	uint64_t words[2];

	memcpy(words, digest, sizeof(words));
	return keyed_hash_words(seeds, words[0], words[1]);
}

// 0x80 in every byte of `word` that equals `byte`, exactly.
static inline uint64_t bytes_equal_to(uint64_t word, uint8_t byte)
{
	const uint64_t low_bits = UINT64_C(0x7f7f7f7f7f7f7f7f);
	uint64_t x = word ^ (UINT64_C(0x0101010101010101) * byte);

	return ~(((x & low_bits) + low_bits) | x | low_bits);
}

// A walk over a name's labels from the right. After each step `hash` is that of the parent name
// that name_cursor_start() tells.
struct name_cursor {
	const uint8_t *data;
	size_t left; // bytes not yet walked; the dot behind them is walked
	uint64_t hash;
	uint64_t head; // the first bytes of the name, zeros behind
};

static inline struct name_cursor name_cursor_begin(struct slice name, uint64_t seed)
{
	struct name_cursor cursor = {.data = name.data, .left = name.size, .hash = seed};

	if (name.size >= 8)
		memcpy(&cursor.head, name.data, 8);
	else
		cursor.head = hash_tail_word(name.data, name.size);
	return cursor;
}

// Takes one more label; cursor->left must not be 0. HOT.
static inline void name_cursor_next(struct name_cursor *cursor)
{
	for (;;) {
		uint64_t word;
		uint64_t dots;
		unsigned bytes; // of the label, at the end of `word`

		if (cursor->left >= 8) {
			memcpy(&word, cursor->data + cursor->left - 8, 8);
			bytes = 8;
		} else {
			word = cursor->left > 0 ? cursor->head << (64 - 8 * cursor->left) : 0;
			bytes = (unsigned)cursor->left;
		}
		dots = bytes_equal_to(word, '.');
		if (dots == 0 && bytes == 8) {
			cursor->hash = hash_word(cursor->hash, word);
			cursor->left -= 8;
			continue;
		}
		if (dots != 0)
			bytes = (unsigned)__builtin_clzll(dots) / 8;
		word = bytes > 0 ? word >> (64 - 8 * bytes) : 0;
		cursor->hash = hash_word(cursor->hash, word);
		cursor->left -= bytes + (dots != 0);
		return;
	}
}

// Where the parent name that was walked last begins.
static inline size_t name_cursor_start(const struct name_cursor *cursor)
{
	return cursor->left > 0 ? cursor->left + 1 : 0;
}

// A walk over a URL key from the left, to the next cut: behind a '/' or a '?', or the end.
struct url_cursor {
	const uint8_t *data;
	size_t size;
	size_t walked;
	uint64_t hash;
};

static inline struct url_cursor url_cursor_begin(struct slice key, uint64_t seed)
{
	return (struct url_cursor){.data = key.data, .size = key.size, .hash = seed};
}

// Takes one more part; there must be one (walked < size). HOT.
static inline void url_cursor_next(struct url_cursor *cursor)
{
	for (;;) {
		size_t left = cursor->size - cursor->walked;
		const uint8_t *at = cursor->data + cursor->walked;
		unsigned bytes = left < 8 ? (unsigned)left : 8;
		uint64_t word;
		uint64_t cuts;

		if (left >= 8)
			memcpy(&word, at, 8);
		else
			word = hash_tail_word(at, left);
		cuts = bytes_equal_to(word, '/') | bytes_equal_to(word, '?');
		if (cuts != 0)
			bytes = (unsigned)__builtin_ctzll(cuts) / 8 + 1;
		if (bytes < 8)
			word &= (UINT64_C(1) << (8 * bytes)) - 1;
		cursor->hash = hash_word(cursor->hash, word);
		cursor->walked += bytes;
		if (cuts != 0 || cursor->walked == cursor->size)
			return;
	}
}
