#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>

enum { BLOCK_BYTES = 256 * 1024, ALIGNMENT = 8 };

struct arena_block {
	struct arena_block *older;
	size_t capacity;
	size_t used;
	_Alignas(ALIGNMENT) uint8_t bytes[];
};

static struct arena_block *add_block(struct arena *arena, size_t size)
{
	size_t capacity = size > BLOCK_BYTES ? size : BLOCK_BYTES;
	struct arena_block *block = malloc(sizeof(*block) + capacity);

	if (block == NULL)
		return NULL;
	block->older = arena->newest;
	block->capacity = capacity;
	block->used = 0;
	arena->newest = block;
	arena->total_bytes += sizeof(*block) + capacity;
	return block;
}

void *arena_allocate(struct arena *arena, size_t size)
{
	struct arena_block *block = arena->newest;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
	if (block == NULL || block->capacity - block->used < size)
		block = add_block(arena, size);
	if (block == NULL)
		return NULL;

	void *bytes = block->bytes + block->used;
	block->used += size;
	return bytes;
}

struct slice arena_copy(struct arena *arena, struct slice slice)
{
	uint8_t *bytes = arena_allocate(arena, slice.size + 1);

	if (bytes == NULL)
		return slice_of(NULL, 0);
	if (slice.size > 0)
		memcpy(bytes, slice.data, slice.size);
	bytes[slice.size] = '\0';
	return slice_of(bytes, slice.size);
}

static void free_chain(struct arena_block *block)
{
	while (block != NULL) {
		struct arena_block *older = block->older;

		free(block);
		block = older;
	}
}

void arena_reset(struct arena *arena)
{
	struct arena_block *kept = arena->newest;

	if (kept == NULL)
		return;
	free_chain(kept->older);
	kept->older = NULL;
	kept->used = 0;
	arena->total_bytes = sizeof(*kept) + kept->capacity;
}

void arena_close(struct arena *arena)
{
	free_chain(arena->newest);
	*arena = (struct arena){0};
}
