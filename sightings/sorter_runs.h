// sightings/sorter_runs.h — what sorter.c fills and sorter_cursor.c reads. Private to the two.
#pragma once

#include "base/arena.h"
#include "sightings/sorter.h"

// Where one sorted run lies in the temporary file: records, each behind its size (32 bits).
struct run {
	uint64_t offset;
	uint64_t end;
};

struct sorter {
	sorter_compare compare;
	size_t memory_bytes;
	size_t used_bytes; // of the records in memory and their index
	struct arena arena;
	struct slice *records; // in `arena`
	size_t record_count;
	size_t record_capacity;
	bool is_sorted; // the records in memory
	int file;       // -1 until the first spill
	uint64_t file_bytes;
	struct run *runs;
	unsigned run_count;
	unsigned run_capacity;
};

// Sorts the records in memory, which make the last run. Returns 0 or -ENOMEM.
int sorter_sort(struct sorter *sorter);
