// engine/text_table.h — what names and URLs share: entries that are texts, met step by step.
#pragma once

#include "engine/exact_table.h"
#include "engine/keyed_hash.h"
#include "engine/match_sink.h"
#include "engine/string_pool.h"
#include "engine/text_key.h"

enum { TEXT_FILTER_BITS_PER_ENTRY = 16, TEXT_FILTER_BITS_PER_STEP = 8 };

// Candidates of a batch that are compared together: one an observable, with some to spare for
// those that meet entries on the way as well.
enum { TEXT_CANDIDATES_MAX = 2 * MATCH_BATCH_MAX };

struct text_table {
	struct exact_table exact;
	struct hash_seeds seeds;
	struct packed_terms usual_terms;
	const struct text_entry *entries;
	uint64_t entry_count;
	struct slice strings;
	enum text_key_kind key_kind;
};

// A text that the filter lets pass, to be compared in full.
struct text_candidate {
	uint64_t hash;
	struct slice text;
	uint8_t item; // whatever the caller counts by
};

// HOT. The postings of the entries that the candidates are, 0 where there is none. `sink`, unless
// NULL, is told to load what they lead to.
void text_table_find(const struct text_table *table, const struct match_sink *sink,
                     const struct text_candidate candidates[], unsigned count,
                     uint32_t ret_postings[TEXT_CANDIDATES_MAX]);
