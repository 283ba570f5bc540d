// engine/string_pool.h — all texts of a database, one behind the other.
//
// A text is its size (LEB128) and its bytes; a reference is its offset. Reference 0 is the empty
// text. The builder's bytes are the section's bytes, so that one reader serves both.
#pragma once

#include <stdint.h>

#include "base/block.h"
#include "base/cpu.h"
#include "base/slice.h"

// All zero is a valid, empty pool. One owner, one thread.
struct string_pool {
	struct block bytes;
	struct block slots; // of interned texts: open addressing, uint32_t references
	size_t interned_count;
	struct block recent; // struct recent_text, by hash: texts that were shared lately
};

// Appends `text` and gives its reference. Returns 0, -ENOMEM, or -EOVERFLOW (4 GB of texts).
int string_pool_add(struct string_pool *pool, struct slice text, uint32_t *ret_reference);

// As string_pool_add(), but the same text gives the same reference.
int string_pool_intern(struct string_pool *pool, struct slice text, uint32_t *ret_reference);

// As string_pool_add(), but a text that was shared lately gives the same reference. For texts
// that are many and either repeat soon or never (names of indicators): costs no table that grows.
int string_pool_share(struct string_pool *pool, struct slice text, uint32_t *ret_reference);

// Frees what only string_pool_intern() and string_pool_share() need.
void string_pool_close_index(struct string_pool *pool);

void string_pool_close(struct string_pool *pool);

// Starts loading a text of up to 64 bytes, which seldom lies in one line. Of a reference that is
// the builder's own.
static inline void string_pool_prefetch(struct slice bytes, uint32_t reference)
{
	const uint8_t *text = bytes.data + reference;

	prefetch_read(text);
	prefetch_read(bytes.size - reference > 64 ? text + 64 : text);
}

// Reads a text; the empty slice when the reference leads out of `bytes`. HOT.
static inline struct slice string_pool_get(struct slice bytes, uint32_t reference)
{
	size_t size = 0;
	unsigned shift = 0;
	size_t at = reference;

	while (at < bytes.size && shift < 35) {
		uint8_t byte = bytes.data[at++];

		size |= (size_t)(byte & 0x7f) << shift;
		shift += 7;
		if ((byte & 0x80) == 0)
			return size <= bytes.size - at ? slice_of(bytes.data + at, size)
			                               : (struct slice){};
	}
	return (struct slice){};
}
