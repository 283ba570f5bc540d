// base/block.h — an array that grows without being copied.
//
// The builder's big arrays: contiguous, and grown by moving page tables (mremap), so that a
// build's peak memory is what it holds and not twice that. One owner, one thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

// All zero is a valid, empty block. The data is aligned to a page.
struct block {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

// Appends `size` zero bytes and returns where they begin (valid until the next call), or NULL,
// the block unchanged, when there is no memory. A block is never empty and non-NULL by accident:
// with `size` 0 the result is the end of the data, and may be NULL.
void *block_extend(struct block *block, size_t size);

// Cuts the block to its first `size` bytes; the memory behind is given back.
void block_shrink(struct block *block, size_t size);

// Frees the memory; the block is empty and usable again.
void block_close(struct block *block);

static inline struct slice block_slice(const struct block *block)
{
	return slice_of(block->data, block->size);
}
