// dataplane/pool.h — blocks of one size out of a fixed byte budget.
//
// The budget is address space; memory is used only as blocks are touched. One owner, one
// thread. Blocks are named by ids from 1 on, so that a link costs four bytes; 0 is no block.
// Ids are given out in the same order for the same calls: what happens when a pool is full
// does not depend on chance.
#pragma once

#include <stddef.h>
#include <stdint.h>

struct pool {
	uint8_t *memory;
	size_t mapped_bytes;
	uint32_t block_bytes;
	uint32_t capacity;
	uint32_t fresh; // blocks 1..fresh have been given out at least once
	uint32_t free;  // the first of the given back ones, linked through their first four bytes
	uint32_t used;
};

// Room for as many blocks of `block_bytes` (>= 4, a multiple of 8) as `budget_bytes` holds, one
// at least. Returns 0, or -ENOMEM and leaves *pool alone.
int pool_open(struct pool *pool, uint32_t block_bytes, size_t budget_bytes);

// Accepts an all-zero pool.
void pool_close(struct pool *pool);

// HOT. A block of undefined content, or 0 when the budget is used up.
uint32_t pool_take(struct pool *pool);

// HOT. Gives a block back.
void pool_give(struct pool *pool, uint32_t id);

// Gives all blocks back; the memory is kept for reuse.
void pool_reset(struct pool *pool);

// HOT. `id` must be of a block taken.
static inline void *pool_block(const struct pool *pool, uint32_t id)
{
	return pool->memory + (size_t)(id - 1) * pool->block_bytes;
}
