// Radix sort, lowest digit first; a digit that all rows share is passed over.
#include "loader/store_sort.h"

#include <errno.h>

enum { DIGIT_BITS = 8, DIGIT_VALUES = 1 << DIGIT_BITS, DIGITS = 64 / DIGIT_BITS };

static unsigned digit_of(const struct store_sort_row *row, unsigned digit)
{
	uint64_t key = (uint64_t)row->key ^ UINT64_C(1) << 63; // negative ones first

	return key >> (digit * DIGIT_BITS) & (DIGIT_VALUES - 1);
}

static void count_digits(const struct store_sort_row *rows, size_t count,
                         size_t counts[DIGITS][DIGIT_VALUES])
{
	for (size_t i = 0; i < count; i++)
		for (unsigned digit = 0; digit < DIGITS; digit++)
			counts[digit][digit_of(&rows[i], digit)]++;
}

static void scatter(const struct store_sort_row *from, struct store_sort_row *to, size_t count,
                    unsigned digit, const size_t counts[DIGIT_VALUES])
{
	size_t starts[DIGIT_VALUES];
	size_t start = 0;

	for (unsigned value = 0; value < DIGIT_VALUES; value++) {
		starts[value] = start;
		start += counts[value];
	}
	for (size_t i = 0; i < count; i++)
		to[starts[digit_of(&from[i], digit)]++] = from[i];
}

int store_sort(struct block *rows)
{
	size_t count = rows->size / sizeof(struct store_sort_row);
	size_t counts[DIGITS][DIGIT_VALUES] = {};
	struct block other = {};

	if (count < 2)
		return 0;
	if (block_extend(&other, rows->size) == NULL)
		return -ENOMEM;
	count_digits((const struct store_sort_row *)rows->data, count, counts);
	for (unsigned digit = 0; digit < DIGITS; digit++) {
		const struct store_sort_row *from = (const struct store_sort_row *)rows->data;
		struct block sorted = other;

		if (counts[digit][digit_of(from, digit)] == count)
			continue;
		scatter(from, (struct store_sort_row *)other.data, count, digit, counts[digit]);
		other = *rows;
		*rows = sorted;
	}
	block_close(&other);
	return 0;
}
