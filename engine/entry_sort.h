// engine/entry_sort.h — sorts rows whose order key is a hash.
//
// The canonical order of entries: by an unkeyed 64-bit hash, ties by content. Rows are dealt out
// by the hash's first bits, so that a million of them take one pass and many tiny sorts.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/block.h"

struct entry_order {
	size_t row_size;
	uint64_t (*key)(const void *row); // what `compare` compares first
	int (*compare)(const void *a, const void *b, void *context); // as for qsort_r()
	void *context;
};

// Sorts the rows of `block`. Returns 0 or -ENOMEM (the rows are then in any order).
int entry_sort(struct block *block, const struct entry_order *order);
