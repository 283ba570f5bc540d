// base/varint.h — numbers as few bytes: seven bits each, the lowest first.
#pragma once

#include <stdbool.h>

#include "base/buffer.h"

enum { VARINT_BYTES_MAX = 10 };

static inline void varint_append(struct buffer *buffer, uint64_t number)
{
	uint8_t bytes[VARINT_BYTES_MAX];
	unsigned size = 0;

	for (; number >= 0x80; number >>= 7)
		bytes[size++] = (uint8_t)(number | 0x80);
	bytes[size++] = (uint8_t)number;
	buffer_append(buffer, bytes, size);
}

// Takes a number off the front of *bytes. False when there is none, or one of more than 64 bits.
static inline bool varint_take(struct slice *bytes, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < VARINT_BYTES_MAX && i < bytes->size; i++) {
		uint64_t bits = bytes->data[i] & 0x7f;

		if (i == VARINT_BYTES_MAX - 1 && bits > 1)
			return false;
		number |= bits << (7 * i);
		if ((bytes->data[i] & 0x80) == 0) {
			*bytes = slice_from(*bytes, i + 1);
			*ret_number = number;
			return true;
		}
	}
	return false;
}
