// loader/store_sort.h — rows in the order of their key: what makes filling an index fast.
//
// For store*.c only.
#pragma once

#include "base/block.h"

// A row for an index, whatever `payload` means.
struct store_sort_row {
	int64_t key; // as SQLite orders it
	uint64_t payload[2];
};

// Stable: rows of one key stay as they came. Returns 0 or -ENOMEM.
int store_sort(struct block *rows);
