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

static inline uint64_t hash_load_word(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

// The first `size` bytes (1-8) as a word, zeros behind, without reading further.
static inline uint64_t hash_first_word(const uint8_t *bytes, size_t size)
{
	uint32_t first;
	uint32_t last;

	if (size == 8)
		return hash_load_word(bytes);
	if (size >= 4) {
		memcpy(&first, bytes, 4);
		memcpy(&last, bytes + size - 4, 4);
		return first | (uint64_t)last << (8 * (size - 4));
	}
	return bytes[0] | (uint64_t)bytes[size / 2] << (8 * (size / 2)) |
	       (uint64_t)bytes[size - 1] << (8 * (size - 1));
}

// 0x80 in every byte of `word` that equals `byte`, exactly.
static inline uint64_t bytes_equal_to(uint64_t word, uint8_t byte)
{
	const uint64_t low_bits = UINT64_C(0x7f7f7f7f7f7f7f7f);
	uint64_t x = word ^ (UINT64_C(0x0101010101010101) * byte);

	return ~(((x & low_bits) + low_bits) | x | low_bits);
}

// Bit i for each byte i of `word` that holds 0x80, of the result of bytes_equal_to().
static inline unsigned gather_bytes(uint64_t marks)
{
	return (unsigned)((marks >> 7) * UINT64_C(0x0102040810204080) >> 56);
}

// A walk over a name's labels from the right. It begins with two labels at once, or with the
// whole of a single one. `hash` is that of the parent name that name_cursor_start() tells.
struct name_cursor {
	uint64_t hash;
	size_t left; // bytes not yet walked; the dot behind them is walked
};

// The last 16 bytes of a name, zeros before a shorter one.
struct name_tail {
	uint64_t low; // the earlier bytes
	uint64_t high;
};

static inline struct name_tail name_tail(struct slice name)
{
	struct name_tail tail = {};

	if (name.size >= 16) {
		memcpy(&tail.high, name.data + name.size - 8, 8);
		memcpy(&tail.low, name.data + name.size - 16, 8);
	} else if (name.size > 8) {
		memcpy(&tail.high, name.data + name.size - 8, 8);
		memcpy(&tail.low, name.data, 8);
		tail.low <<= 64 - 8 * (name.size - 8);
	} else if (name.size > 0) {
		tail.high = hash_first_word(name.data, name.size) << (64 - 8 * name.size);
	}
	return tail;
}

// Where the last two labels begin; 0 when there are no more.
static inline size_t name_two_labels(struct slice name)
{
	size_t start = name.size;

	for (unsigned dots = 0; start > 0; start--) {
		dots += name.data[start - 1] == '.';
		if (dots == 2)
			break;
	}
	return start;
}

// Hash of what begins at `start`, more than 16 bytes before the end.
static inline uint64_t name_hash_long(const struct hash_seeds *seeds, struct slice name,
                                      size_t start)
{
	return hash_bytes(seeds->first, name.data + start, name.size - start);
}

// HOT. Without a branch that depends on where the dots are, as long as two labels fit into 16
// bytes: such a branch costs more than all the rest.
static inline struct name_cursor name_cursor_begin(struct slice name,
                                                   const struct hash_seeds *seeds)
{
	struct name_tail tail = name_tail(name);
	unsigned dots = gather_bytes(bytes_equal_to(tail.high, '.')) << 8 |
	                gather_bytes(bytes_equal_to(tail.low, '.'));
	unsigned last_dot = dots != 0 ? 1u << (31 - __builtin_clz(dots)) : 0;
	unsigned other_dots = dots ^ last_dot;
	unsigned bytes; // of the two labels
	struct name_cursor cursor;

	if (other_dots != 0) {
		bytes = 15 - (31 - (unsigned)__builtin_clz(other_dots));
	} else if (name.size <= 16) {
		bytes = (unsigned)name.size;
	} else {
		size_t start = name_two_labels(name);

		bytes = 16; // when the dot lies just in front of them
		if (name.size - start > 16) {
			cursor.left = start > 0 ? start - 1 : 0;
			cursor.hash = name_hash_long(seeds, name, start);
			return cursor;
		}
	}
	tail.low = bytes > 8 ? tail.low >> (128 - 8 * bytes) : 0;
	tail.high = bytes >= 8 ? tail.high : bytes > 0 ? tail.high >> (64 - 8 * bytes) : 0;
	cursor.left = bytes < name.size ? name.size - bytes - 1 : 0;
	cursor.hash = keyed_hash_words(seeds, tail.low, tail.high);
	return cursor;
}

// Takes one more label; cursor->left must not be 0. HOT.
static inline void name_cursor_next(struct name_cursor *cursor, struct slice name)
{
	for (;;) {
		unsigned bytes = cursor->left < 8 ? (unsigned)cursor->left : 8;
		uint64_t word = 0;
		uint64_t dots;

		if (bytes == 8)
			memcpy(&word, name.data + cursor->left - 8, 8);
		else if (bytes > 0)
			word = hash_first_word(name.data, bytes) << (64 - 8 * bytes);
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

		word = hash_first_word(at, bytes);
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
