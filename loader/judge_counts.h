// loader/judge_counts.h — by how many sources and posters each value is named: quorums.
//
// Kept are only values with something to tell: named more than once, or known-benign. 16 bytes
// each. Who lists what is benign or attacked, and who is out of validity, does not count.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/block.h"
#include "loader/judge_sources.h"
#include "loader/store.h"

struct judge_count {
	uint32_t sources;
	uint32_t posters;
	bool is_known_benign;
};

// Vote ids, ascending.
struct judge_ids {
	struct block ids; // uint64_t
};

int judge_ids_add(struct judge_ids *ids, uint64_t vote_id); // 0 or -ENOMEM
// Sorts what came in no order, before judge_ids_has().
void judge_ids_sort(struct judge_ids *ids);
bool judge_ids_has(const struct judge_ids *ids, uint64_t vote_id);
void judge_ids_close(struct judge_ids *ids);

struct judge_counts {
	struct block rows;   // struct judge_count_row, in order of hash
	uint32_t *beginning; // of the rows whose hash begins with these bits
};

// One source's naming of a value. A poster is a creator, or the source itself.
struct judge_naming {
	uint32_t source_id;
	uint32_t poster_id; // 0: the source itself
};

// Counts different sources and posters; sorts `namings`.
struct judge_count judge_counts_of(struct judge_naming namings[], size_t count);

struct judge_count_options {
	struct store *store;
	const struct judge_sources *sources;
	const struct judge_ids *known_benign; // besides those of sources of that role
	const struct judge_ids *expired;
};

// Returns 0 and fills *ret_counts (judge_counts_close), -ENOMEM, or the store's error.
int judge_counts_read(const struct judge_count_options *options, struct judge_counts *ret_counts);

void judge_counts_close(struct judge_counts *counts);

// Of a value that is named once and not known-benign: one source, one poster.
struct judge_count judge_counts_get(const struct judge_counts *counts, uint64_t value_hash);
