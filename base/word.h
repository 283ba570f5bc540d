// base/word.h — eight bytes of text at once, in one integer.
//
// In what the functions return, a byte is flagged by its top bit. The first byte of the text is
// the lowest of the word (little-endian machines only, as the databases are).
#pragma once

#include <stdint.h>
#include <string.h>

#define WORD_EACH_BYTE(value) (UINT64_C(0x0101010101010101) * (value))
#define WORD_FLAGS            WORD_EACH_BYTE(0x80)

enum { WORD_BYTES = 8 };

static inline uint64_t word_load(const void *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
	return word;
}

// Flags the bytes that are > `limit` (< 128) and < 128 themselves.
static inline uint64_t word_flag_above(uint64_t word, uint8_t limit)
{
	return ((word & ~WORD_FLAGS) + WORD_EACH_BYTE(0x7f - limit)) & ~word & WORD_FLAGS;
}

static inline uint64_t word_flag_equal(uint64_t word, uint8_t byte)
{
	uint64_t difference = word ^ WORD_EACH_BYTE(byte);

	return ~(((difference & ~WORD_FLAGS) + ~WORD_FLAGS) | difference) & WORD_FLAGS;
}

// Letters in lower case.
static inline uint64_t word_fold(uint64_t word)
{
	uint64_t upper = word_flag_above(word, 'A' - 1) & ~word_flag_above(word, 'Z');

	return word | upper >> 2;
}
