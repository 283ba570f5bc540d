#include "dataplane/file_memory.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include <sys/mman.h>

enum {
	UNIT_BYTES = 1 << FILE_MEMORY_ORDER_MIN,
	STATE_FREE = 0x40, // with the block's order, less the smallest
	STATE_USED = 0x80, // likewise; 0: no block begins here
};

// In a free block.
struct free_block {
	uint32_t next; // 1 + unit, 0: none
	uint32_t previous;
};

static struct free_block *block_at(const struct file_memory *memory, uint32_t link)
{
	return (struct free_block *)(memory->bytes + (size_t)(link - 1) * UNIT_BYTES);
}

static void add_free(struct file_memory *memory, uint32_t unit, unsigned order)
{
	struct free_block *block = block_at(memory, unit + 1);

	*block = (struct free_block){.next = memory->free[order]};
	if (block->next != 0)
		block_at(memory, block->next)->previous = unit + 1;
	memory->free[order] = unit + 1;
	memory->states[unit] = (uint8_t)(STATE_FREE | order);
}

static void remove_free(struct file_memory *memory, uint32_t unit, unsigned order)
{
	const struct free_block *block = block_at(memory, unit + 1);

	if (block->next != 0)
		block_at(memory, block->next)->previous = block->previous;
	if (block->previous != 0)
		block_at(memory, block->previous)->next = block->next;
	else
		memory->free[order] = block->next;
	memory->states[unit] = 0;
}

// The whole budget as the largest blocks that fit.
static void add_all(struct file_memory *memory, uint32_t unit_count)
{
	uint32_t unit = 0;

	while (unit < unit_count) {
		unsigned order = FILE_MEMORY_ORDERS - 1;

		while (unit % (1u << order) != 0 || unit_count - unit < 1u << order)
			order--;
		add_free(memory, unit, order);
		unit += 1u << order;
	}
}

int file_memory_open(struct file_memory *memory, size_t budget_bytes)
{
	size_t unit_count = budget_bytes / UNIT_BYTES;
	struct file_memory opened = {0};

	if (unit_count == 0)
		unit_count = 1;
	if (unit_count > UINT32_MAX / 2)
		unit_count = UINT32_MAX / 2;
	opened.size_bytes = unit_count * UNIT_BYTES;
	opened.bytes = mmap(NULL, opened.size_bytes, PROT_READ | PROT_WRITE,
	                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (opened.bytes == MAP_FAILED)
		return -ENOMEM;
	opened.states = calloc(unit_count, 1);
	if (opened.states == NULL) {
		(void)munmap(opened.bytes, opened.size_bytes);
		return -ENOMEM;
	}
	add_all(&opened, (uint32_t)unit_count);
	*memory = opened;
	return 0;
}

void file_memory_close(struct file_memory *memory)
{
	if (memory->bytes != NULL)
		(void)munmap(memory->bytes, memory->size_bytes);
	free(memory->states);
	*memory = (struct file_memory){0};
}

static bool leaves_too_little(const struct file_memory *memory, unsigned order)
{
	size_t block_bytes = (size_t)UNIT_BYTES << order;

	return block_bytes >= FILE_MEMORY_LARGE_BYTES &&
	       memory->used_bytes + block_bytes > memory->size_bytes / 4 * 3;
}

void *file_memory_take(struct file_memory *memory, size_t size_bytes)
{
	unsigned order = 0, found;
	uint32_t unit;

	while (order < FILE_MEMORY_ORDERS && (size_t)UNIT_BYTES << order < size_bytes)
		order++;
	if (leaves_too_little(memory, order))
		return NULL;
	found = order;
	while (found < FILE_MEMORY_ORDERS && memory->free[found] == 0)
		found++;
	if (found >= FILE_MEMORY_ORDERS)
		return NULL;
	unit = memory->free[found] - 1;
	remove_free(memory, unit, found);
	for (; found > order; found--)
		add_free(memory, unit + (1u << (found - 1)), found - 1);
	memory->states[unit] = (uint8_t)(STATE_USED | order);
	memory->used_bytes += (size_t)UNIT_BYTES << order;
	return memory->bytes + (size_t)unit * UNIT_BYTES;
}

void file_memory_give(struct file_memory *memory, void *block)
{
	uint32_t unit_count = (uint32_t)(memory->size_bytes / UNIT_BYTES), unit;
	unsigned order;

	if (block == NULL)
		return;
	unit = (uint32_t)((size_t)((uint8_t *)block - memory->bytes) / UNIT_BYTES);
	order = memory->states[unit] & (STATE_FREE - 1);
	memory->used_bytes -= (size_t)UNIT_BYTES << order;
	memory->states[unit] = 0;
	for (; order < FILE_MEMORY_ORDERS - 1; order++) {
		uint32_t buddy = unit ^ 1u << order;

		if (buddy >= unit_count || memory->states[buddy] != (STATE_FREE | order))
			break;
		remove_free(memory, buddy, order);
		unit &= ~(1u << order);
	}
	add_free(memory, unit, order);
}
