#include "dataplane/pool.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include <sys/mman.h>

int pool_open(struct pool *pool, uint32_t block_bytes, size_t budget_bytes)
{
	size_t capacity = budget_bytes / block_bytes;
	size_t bytes;
	void *memory;

	assert(block_bytes >= sizeof(uint32_t) && block_bytes % 8 == 0);
	if (capacity < 1)
		capacity = 1;
	if (capacity >= UINT32_MAX)
		capacity = UINT32_MAX - 1;
	bytes = capacity * block_bytes;
	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	// Few TLB entries for many blocks; a refusal changes nothing but speed.
	(void)madvise(memory, bytes, MADV_HUGEPAGE);
	*pool = (struct pool){
		.memory = memory,
		.mapped_bytes = bytes,
		.block_bytes = block_bytes,
		.capacity = (uint32_t)capacity,
	};
	return 0;
}

void pool_close(struct pool *pool)
{
	if (pool->memory != NULL)
		(void)munmap(pool->memory, pool->mapped_bytes);
	*pool = (struct pool){0};
}

uint32_t pool_take(struct pool *pool)
{
	uint32_t id = pool->free;

	if (id != 0)
		memcpy(&pool->free, pool_block(pool, id), sizeof(pool->free));
	else if (pool->fresh < pool->capacity)
		id = ++pool->fresh;
	else
		return 0;
	pool->used++;
	return id;
}

void pool_give(struct pool *pool, uint32_t id)
{
	memcpy(pool_block(pool, id), &pool->free, sizeof(pool->free));
	pool->free = id;
	pool->used--;
}

void pool_reset(struct pool *pool)
{
	pool->fresh = 0;
	pool->free = 0;
	pool->used = 0;
}
