#include "base/block.h"

#include <stdbool.h>
#include <sys/mman.h>

enum {
	BLOCK_BYTES_MIN = 64 * 1024,
	PAGE_BYTES = 4096,
	HUGE_PAGE_BYTES = 2 * 1024 * 1024,
};

// An array that is big from its beginning is a table, met in no order: in pages of 2 MB, where the
// kernel has them, filling it waits less for the TLB. One that grows is met in order, and would
// waste a part of its last page.
static void block_advise(const struct block *block)
{
	if (block->capacity >= 2 * (size_t)HUGE_PAGE_BYTES)
		(void)madvise(block->data, block->capacity, MADV_HUGEPAGE);
}

static bool block_grow(struct block *block, size_t needed)
{
	size_t capacity = block->capacity > 0 ? block->capacity : BLOCK_BYTES_MIN;
	bool is_new = block->data == NULL;
	void *data;

	while (capacity < needed) {
		if (capacity > SIZE_MAX / 2)
			return false;
		capacity *= 2;
	}
	if (is_new)
		data = mmap(NULL, capacity, PROT_READ | PROT_WRITE,
		            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	else
		data = mremap(block->data, block->capacity, capacity, MREMAP_MAYMOVE);
	if (data == MAP_FAILED)
		return false;
	block->data = data;
	block->capacity = capacity;
	if (is_new)
		block_advise(block);
	return true;
}

void *block_extend(struct block *block, size_t size)
{
	uint8_t *start;

	if (size > SIZE_MAX - block->size)
		return NULL;
	if (block->size + size > block->capacity && !block_grow(block, block->size + size))
		return NULL;
	start = block->data + block->size;
	block->size += size;
	return start;
}

void block_shrink(struct block *block, size_t size)
{
	size_t kept = (size + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;

	if (size == 0) {
		block_close(block);
		return;
	}
	// What stays of the last page must read as zero when it is handed out again.
	if (kept > block->size)
		memset(block->data + size, 0, block->size - size);
	else
		memset(block->data + size, 0, kept - size);
	if (kept < block->capacity) {
		munmap(block->data + kept, block->capacity - kept);
		block->capacity = kept;
	}
	block->size = size;
}

void block_close(struct block *block)
{
	if (block->data != NULL)
		munmap(block->data, block->capacity);
	*block = (struct block){};
}
