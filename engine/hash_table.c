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

// A digest that the filter lets pass, between the steps that wait for memory.
struct hash_probe {
	struct exact_cursor cursor;
	uint32_t tag;
	uint8_t item;         // index into the lookup
	const uint8_t *entry; // NULL: no more
};

static void hash_probe_next(struct hash_probe *probe, const struct hash_table *table)
{
	size_t entry_size = table->digest_size + sizeof(uint32_t);
	uint32_t value;

	do
		value = exact_table_next(&table->exact, &probe->cursor, probe->tag);
	while (value > table->entries.size / entry_size);
	probe->entry = NULL;
	if (value == 0)
		return;
	probe->entry = table->entries.data + (value - 1) * entry_size;
	prefetch_read(probe->entry);
	prefetch_read(probe->entry + entry_size - 1);
}

static uint32_t hash_probe_finish(struct hash_probe *probe, const struct hash_table *table,
                                  const uint8_t *digest)
{
	uint32_t posting;

	while (probe->entry != NULL && memcmp(probe->entry, digest, table->digest_size) != 0)
		hash_probe_next(probe, table);
	if (probe->entry == NULL)
		return 0;
	memcpy(&posting, probe->entry + table->digest_size, sizeof(posting));
	return posting;
}

static void find_probes(const struct hash_table *table, const struct lookup *lookup,
                        struct hash_probe probes[], unsigned count)
{
	uint32_t postings[MATCH_BATCH_MAX];

	for (unsigned k = 0; k < count; k++)
		hash_probe_next(&probes[k], table);
	for (unsigned k = 0; k < count; k++) {
		uint8_t index = lookup->indexes[probes[k].item];

		postings[k] = hash_probe_finish(&probes[k], table,
		                                lookup->observables[index].text.data);
	}
	match_sink_prefetch(lookup->sink, postings, count);
	for (unsigned k = 0; k < count; k++) {
		const struct match_question question = {
			.observable = lookup->indexes[probes[k].item],
			.kind = MATCH_EXACT,
		};

		if (postings[k] != 0)
			match_sink_add(lookup->sink, &question, postings[k], &postings_no_terms);
	}
}

void hash_table_find(const struct hash_table *table, const struct lookup *lookup)
{
	const struct exact_table *exact = &table->exact;
	uint64_t hashes[MATCH_BATCH_MAX];
	struct hash_probe probes[MATCH_BATCH_MAX];
	unsigned probe_count = 0;

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

		if (filter_has_entry(word, hashes[i]) == 0 ||
		    lookup->observables[lookup->indexes[i]].text.size != table->digest_size)
			continue;
		exact_table_prefetch(exact, hashes[i]);
		probes[probe_count++] = (struct hash_probe){
			.cursor = exact_table_begin(exact, hashes[i]),
			.tag = exact_table_tag(hashes[i]),
			.item = (uint8_t)i,
		};
	}
	find_probes(table, lookup, probes, probe_count);
}

uint32_t hash_table_posting(const struct hash_table *table, struct slice digest)
{
	struct hash_probe probe;
	uint64_t hash;

	if (table->exact.bucket_count == 0 || digest.size != table->digest_size)
		return 0;
	hash = keyed_hash_digest(&table->seeds, digest.data);
	probe = (struct hash_probe){
		.cursor = exact_table_begin(&table->exact, hash),
		.tag = exact_table_tag(hash),
	};
	hash_probe_next(&probe, table);
	return hash_probe_finish(&probe, table, digest.data);
}
