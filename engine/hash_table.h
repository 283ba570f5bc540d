// engine/hash_table.h — file hashes, one table an algorithm.
#pragma once

#include "engine/exact_table.h"
#include "engine/keyed_hash.h"
#include "engine/match_sink.h"

struct hash_table {
	struct exact_table exact;
	struct hash_seeds seeds;
	struct slice entries; // SECTION_HASHES + algorithm: digest, posting
	size_t digest_size;
};

// Fills `builder` from the entries. Returns 0 or -ENOMEM.
int hash_table_build(struct exact_table_builder *builder, struct slice entries,
                     enum hash_algorithm algorithm, const struct hash_seeds *seeds);

// HOT. Any observables of hashes of the table's algorithm.
void hash_table_find(const struct hash_table *table, const struct lookup *lookup);

// The posting reference of a digest, or 0.
uint32_t hash_table_posting(const struct hash_table *table, struct slice digest);
