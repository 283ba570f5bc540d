#include "engine/address_table.h"

#include "engine/address.h"

enum {
	FILTER_BITS_PER_ENTRY = 16,
	AHEAD = 16, // entries between starting to load and using, in a build
};

int address_table_build_ipv4(struct exact_table_builder *builder, struct slice section,
                             const struct hash_seeds *seeds)
{
	const struct ipv4_entry *entries = (const struct ipv4_entry *)section.data;
	size_t count = section.size / sizeof(*entries);
	int error = exact_table_builder_size(builder, count, count * FILTER_BITS_PER_ENTRY);

	for (size_t i = 0; i < count && error == 0; i++) {
		uint64_t hash = keyed_hash_ipv4(seeds, entries[i].address);

		if (i + AHEAD < count)
			exact_table_builder_prefetch(
				builder, keyed_hash_ipv4(seeds, entries[i + AHEAD].address));
		exact_table_builder_add(builder, hash, entries[i].address, entries[i].posting);
	}
	return error;
}

int address_table_build_ipv6(struct exact_table_builder *builder, struct slice section,
                             const struct hash_seeds *seeds)
{
	const struct ipv6_entry *entries = (const struct ipv6_entry *)section.data;
	size_t count = section.size / sizeof(*entries);
	int error = exact_table_builder_size(builder, count, count * FILTER_BITS_PER_ENTRY);

	for (size_t i = 0; i < count && error == 0; i++) {
		uint64_t hash = keyed_hash_address(seeds, &entries[i].address);

		if (i + AHEAD < count)
			exact_table_builder_prefetch(
				builder, keyed_hash_address(seeds, &entries[i + AHEAD].address));
		exact_table_builder_add(builder, hash, exact_table_tag(hash), (uint32_t)i + 1);
	}
	return error;
}

// Those of the batch that the filter lets pass, their buckets on the way.
static unsigned pass_filter(const struct exact_table *exact, const uint64_t hashes[],
                            unsigned count, uint8_t ret_passed[])
{
	const struct filter filter = exact->filter; // ret_passed could overlap the other one
	unsigned passed = 0;

	for (unsigned i = 0; i < count; i++) {
		ret_passed[passed] = (uint8_t)i;
		passed += filter_has_entry(filter_word(&filter, hashes[i]), hashes[i]);
	}
	for (unsigned i = 0; i < passed; i++)
		exact_table_prefetch(exact, hashes[ret_passed[i]]);
	return passed;
}

static struct match_question address_question(const struct lookup *lookup, unsigned i)
{
	const struct observable *observable = &lookup->observables[lookup->indexes[i]];

	return (struct match_question){
		.observable = lookup->indexes[i],
		.kind = MATCH_EXACT,
		.protocol = observable->protocol,
		.port = observable->port,
	};
}

static void report(const struct address_table *table, const struct lookup *lookup,
                   const uint8_t passed[], const uint32_t postings[], unsigned count)
{
	match_sink_prefetch(lookup->sink, postings, count);
	for (unsigned k = 0; k < count; k++) {
		struct match_question question = address_question(lookup, passed[k]);

		if (postings[k] != 0)
			match_sink_add(lookup->sink, &question, postings[k], &table->usual_terms);
	}
}

void address_table_find_ipv4(const struct address_table *table, const struct lookup *lookup)
{
	const struct exact_table *exact = &table->exact;
	uint64_t hashes[MATCH_BATCH_MAX];
	uint32_t addresses[MATCH_BATCH_MAX];
	uint8_t passed[MATCH_BATCH_MAX];
	uint32_t postings[MATCH_BATCH_MAX];
	unsigned passed_count;

	if (exact->bucket_count == 0)
		return;
	for (unsigned i = 0; i < lookup->count; i++) {
		addresses[i] = address_ipv4(&lookup->observables[lookup->indexes[i]].address);
		hashes[i] = keyed_hash_ipv4(&table->seeds, addresses[i]);
		filter_prefetch(&exact->filter, hashes[i]);
	}
	passed_count = pass_filter(exact, hashes, lookup->count, passed);
	if (passed_count == 0)
		return;
	for (unsigned k = 0; k < passed_count; k++) {
		struct exact_cursor cursor = exact_table_begin(exact, hashes[passed[k]]);

		postings[k] = exact_table_next(exact, &cursor, addresses[passed[k]]);
	}
	report(table, lookup, passed, postings, passed_count);
}

// The next entry whose tag fits, on the way; NULL when there is none.
static const struct ipv6_entry *next_entry(const struct address_table *table,
                                           struct exact_cursor *cursor, uint64_t hash)
{
	uint32_t value;

	do
		value = exact_table_next(&table->exact, cursor, exact_table_tag(hash));
	while (value > table->entry_count);
	if (value == 0)
		return NULL;
	prefetch_read(&table->entries[value - 1]);
	return &table->entries[value - 1];
}

static void find_postings_ipv6(const struct address_table *table, const struct lookup *lookup,
                               const uint64_t hashes[], const uint8_t passed[], unsigned count,
                               uint32_t ret_postings[])
{
	struct exact_cursor cursors[MATCH_BATCH_MAX];
	const struct ipv6_entry *entries[MATCH_BATCH_MAX];

	for (unsigned k = 0; k < count; k++) {
		cursors[k] = exact_table_begin(&table->exact, hashes[passed[k]]);
		entries[k] = next_entry(table, &cursors[k], hashes[passed[k]]);
	}
	for (unsigned k = 0; k < count; k++) {
		const struct ipv6_entry *entry = entries[k];
		unsigned index = lookup->indexes[passed[k]];

		while (entry != NULL &&
		       !address_equal(&entry->address, &lookup->observables[index].address))
			entry = next_entry(table, &cursors[k], hashes[passed[k]]);
		ret_postings[k] = entry != NULL ? entry->posting : 0;
	}
}

void address_table_find_ipv6(const struct address_table *table, const struct lookup *lookup)
{
	const struct exact_table *exact = &table->exact;
	uint64_t hashes[MATCH_BATCH_MAX];
	uint8_t passed[MATCH_BATCH_MAX];
	uint32_t postings[MATCH_BATCH_MAX];
	unsigned passed_count;

	if (exact->bucket_count == 0)
		return;
	for (unsigned i = 0; i < lookup->count; i++) {
		const struct observable *observable = &lookup->observables[lookup->indexes[i]];

		hashes[i] = keyed_hash_address(&table->seeds, &observable->address);
		filter_prefetch(&exact->filter, hashes[i]);
	}
	passed_count = pass_filter(exact, hashes, lookup->count, passed);
	if (passed_count == 0)
		return;
	find_postings_ipv6(table, lookup, hashes, passed, passed_count, postings);
	report(table, lookup, passed, postings, passed_count);
}

uint32_t address_table_posting_ipv4(const struct address_table *table,
                                    const struct address *address)
{
	uint32_t key = address_ipv4(address);
	struct exact_cursor cursor;

	if (table->exact.bucket_count == 0)
		return 0;
	cursor = exact_table_begin(&table->exact, keyed_hash_ipv4(&table->seeds, key));
	return exact_table_next(&table->exact, &cursor, key);
}

uint32_t address_table_posting_ipv6(const struct address_table *table,
                                    const struct address *address)
{
	uint64_t hash = keyed_hash_address(&table->seeds, address);
	const struct ipv6_entry *entry;
	struct exact_cursor cursor;

	if (table->exact.bucket_count == 0)
		return 0;
	cursor = exact_table_begin(&table->exact, hash);
	entry = next_entry(table, &cursor, hash);
	while (entry != NULL && !address_equal(&entry->address, address))
		entry = next_entry(table, &cursor, hash);
	return entry != NULL ? entry->posting : 0;
}
