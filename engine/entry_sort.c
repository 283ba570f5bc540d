#include "engine/entry_sort.h"

#include <errno.h>
#include <stdlib.h>

enum {
	ROWS_PER_PART = 8,       // on average
	PART_BITS_MAX = 22,      // 4 million parts
	INSERTION_ROWS_MAX = 32, // larger parts (many equal keys) are left to qsort_r()
	ROW_BYTES_MAX = 128,
};

static unsigned part_bits(size_t count)
{
	unsigned bits = 1;

	while (bits < PART_BITS_MAX && (count >> bits) > ROWS_PER_PART)
		bits++;
	return bits;
}

static void sort_part(uint8_t *rows, size_t count, const struct entry_order *order)
{
	size_t size = order->row_size;
	uint8_t row[ROW_BYTES_MAX];

	if (count > INSERTION_ROWS_MAX) {
		qsort_r(rows, count, size, order->compare, order->context);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		size_t j = i;

		while (j > 0 &&
		       order->compare(rows + (j - 1) * size, rows + i * size, order->context) > 0)
			j--;
		if (j == i)
			continue;
		memcpy(row, rows + i * size, size);
		memmove(rows + (j + 1) * size, rows + j * size, (i - j) * size);
		memcpy(rows + j * size, row, size);
	}
}

// Where each part begins: counts turned into running sums.
static void sum_up(uint32_t starts[], size_t part_count)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < part_count; i++) {
		uint32_t count = starts[i];

		starts[i] = sum;
		sum += count;
	}
}

int entry_sort(struct block *block, const struct entry_order *order)
{
	size_t size = order->row_size;
	size_t count = block->size / size;
	unsigned shift = 64 - part_bits(count);
	size_t part_count = (size_t)1 << (64 - shift);
	struct block sorted = {};
	uint32_t *starts = calloc(part_count, sizeof(*starts));
	size_t start = 0;

	if (count < 2) {
		free(starts);
		return 0;
	}
	if (starts == NULL || count > UINT32_MAX || block_extend(&sorted, block->size) == NULL) {
		free(starts);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++)
		starts[order->key(block->data + i * size) >> shift]++;
	sum_up(starts, part_count);
	for (size_t i = 0; i < count; i++) {
		const uint8_t *row = block->data + i * size;

		memcpy(sorted.data + starts[order->key(row) >> shift]++ * size, row, size);
	}
	for (size_t i = 0; i < part_count; start = starts[i++])
		sort_part(sorted.data + start * size, starts[i] - start, order);
	free(starts);
	block_close(block);
	*block = sorted;
	return 0;
}
