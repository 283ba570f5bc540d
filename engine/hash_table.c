#include "engine/hash_table.h"

enum { FILTER_BITS_PER_ENTRY = 16 };

int hash_table_build(struct exact_table_builder *builder, struct slice entries,
                     enum hash_algorithm algorithm, const struct hash_seeds *seeds)
{
	size_t entry_size = hash_algorithm_bytes[algorithm] + sizeof(uint32_t);
	size_t count = entries.size / entry_size;
	int error = exact_table_builder_size(builder, count, count * FILTER_BITS_PER_ENTRY);

	for (size_t i = 0; i < count && error == 0; i++) {
		uint64_t hash = keyed_hash_digest(seeds, entries.data + i * entry_size);

		exact_table_builder_add(builder, hash, exact_table_tag(hash), (uint32_t)i + 1);
	}
	return error;
}

static void hash_table_find_one(const struct hash_table *table, const struct lookup *lookup,
                                unsigned i, uint64_t hash)
{
	const struct observable *observable = &lookup->observables[lookup->indexes[i]];
	const struct match_question question = {.observable = lookup->indexes[i],
	                                        .kind = MATCH_EXACT};
	size_t entry_size = table->digest_size + sizeof(uint32_t);
	struct exact_cursor cursor = exact_table_begin(&table->exact, hash);
	uint32_t value;

	while ((value = exact_table_next(&table->exact, &cursor, exact_table_tag(hash))) != 0) {
		const uint8_t *entry;
		uint32_t posting;

		if (value > table->entries.size / entry_size)
			continue;
		entry = table->entries.data + (value - 1) * entry_size;
		if (memcmp(entry, observable->text.data, table->digest_size) != 0)
			continue;
		memcpy(&posting, entry + table->digest_size, sizeof(posting));
		match_sink_add(lookup->sink, &question, posting, &postings_no_terms);
		return;
	}
}

void hash_table_find(const struct hash_table *table, const struct lookup *lookup)
{
	const struct exact_table *exact = &table->exact;
	uint64_t hashes[MATCH_BATCH_MAX];

	if (exact->bucket_count == 0)
		return;
	for (unsigned i = 0; i < lookup->count; i++) {
		struct slice digest = lookup->observables[lookup->indexes[i]].text;

		hashes[i] = digest.size == table->digest_size
		                    ? keyed_hash_digest(&table->seeds, digest.data)
		                    : 0;
		filter_prefetch(&exact->filter, hashes[i]);
	}
	for (unsigned i = 0; i < lookup->count; i++) {
		uint64_t word = filter_word(&exact->filter, hashes[i]);

		if (filter_has_entry(word, hashes[i]) &&
		    lookup->observables[lookup->indexes[i]].text.size == table->digest_size)
			hash_table_find_one(table, lookup, i, hashes[i]);
	}
}
