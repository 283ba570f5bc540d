// dataplane/file_memory.h — memory of decoders: blocks of any size out of a fixed byte budget.
//
// zlib and brotli ask for memory of very different sizes, some of it late. A block's size is
// rounded up to a power of two, its neighbour of the same size is joined to it when both are free
// (buddy system; Knuth, The Art of Computer Programming, section 2.5). The budget is address space;
// memory is used only as blocks are touched. Large blocks leave a quarter of it to smaller ones: a
// few streams that claim large windows must not keep all others from being decoded. One owner, one
// thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
	FILE_MEMORY_ORDER_MIN = 10, // 1 KB
	FILE_MEMORY_ORDER_MAX = 25, // 32 MB: brotli's largest window, and what lies around it
	FILE_MEMORY_ORDERS = FILE_MEMORY_ORDER_MAX - FILE_MEMORY_ORDER_MIN + 1,
	FILE_MEMORY_LARGE_BYTES = 1 << 20, // and more: zlib asks for less, brotli for small files
};

struct file_memory {
	uint8_t *bytes;
	size_t size_bytes;
	uint8_t *states;                   // of the block that begins at each KB
	uint32_t free[FILE_MEMORY_ORDERS]; // 1 + KB at which the first free block begins; 0: none
	uint64_t used_bytes;
};

// Returns 0, or -ENOMEM with *memory untouched. The budget is rounded down to whole KB, one at
// least.
int file_memory_open(struct file_memory *memory, size_t budget_bytes);

// Accepts an all-zero one.
void file_memory_close(struct file_memory *memory);

// HOT. A block of undefined content, aligned to 1 KB; NULL when there is no room for it.
void *file_memory_take(struct file_memory *memory, size_t size_bytes);

// HOT. Accepts NULL.
void file_memory_give(struct file_memory *memory, void *block);
