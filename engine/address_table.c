#include "engine/address_table.h"

#include "engine/address.h"

enum { FILTER_BITS_PER_ENTRY = 16 };

int address_table_build_ipv4(struct exact_table_builder *builder, struct slice section,
                             const struct hash_seeds *seeds)
{
	const struct ipv4_entry *entries = (const struct ipv4_entry *)section.data;
	size_t count = section.size / sizeof(*entries);
	int error = exact_table_builder_size(builder, count, count * FILTER_BITS_PER_ENTRY);

	for (size_t i = 0; i < count && error == 0; i++) {
		uint64_t hash = keyed_hash_ipv4(seeds, entries[i].address);

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

		exact_table_builder_add(builder, hash, exact_table_tag(hash), (uint32_t)i + 1);
	}
	return error;
}

// Those of the batch that the filter lets pass, their buckets on the way.
static unsigned pass_filter(const struct exact_table *exact, const uint64_t hashes[],
                            unsigned count, uint8_t ret_passed[])
{
	unsigned passed = 0;

	for (unsigned i = 0; i < count; i++) {
		ret_passed[passed] = (uint8_t)i;
		passed += filter_has_all(filter_word(&exact->filter, hashes[i]),
		                         filter_entry_bits(hashes[i]));
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

void address_table_find_ipv4(const struct address_table *table, const struct lookup *lookup)
{
	const struct exact_table *exact = &table->exact;
	uint64_t hashes[MATCH_BATCH_MAX];
	uint32_t addresses[MATCH_BATCH_MAX];
	uint8_t passed[MATCH_BATCH_MAX];
	unsigned passed_count;

	if (exact->bucket_count == 0)
		return;
	for (unsigned i = 0; i < lookup->count; i++) {
		addresses[i] = address_ipv4(&lookup->observables[lookup->indexes[i]].address);
		hashes[i] = keyed_hash_ipv4(&table->seeds, addresses[i]);
		filter_prefetch(&exact->filter, hashes[i]);
	}
	passed_count = pass_filter(exact, hashes, lookup->count, passed);
	for (unsigned k = 0; k < passed_count; k++) {
		unsigned i = passed[k];
		struct exact_cursor cursor = exact_table_begin(exact, hashes[i]);
		uint32_t posting = exact_table_next(exact, &cursor, addresses[i]);
		struct match_question question = address_question(lookup, i);

		if (posting != 0)
			match_sink_add(lookup->sink, &question, posting, &table->usual_terms);
	}
}

static void address_table_find_one_ipv6(const struct address_table *table,
                                        const struct lookup *lookup, unsigned i, uint64_t hash)
{
	const struct address *address = &lookup->observables[lookup->indexes[i]].address;
	struct exact_cursor cursor = exact_table_begin(&table->exact, hash);
	struct match_question question = address_question(lookup, i);
	uint32_t value;

	while ((value = exact_table_next(&table->exact, &cursor, exact_table_tag(hash))) != 0) {
		const struct ipv6_entry *entry;

		if (value > table->entry_count)
			continue;
		entry = &table->entries[value - 1];
		if (!address_equal(&entry->address, address))
			continue;
		match_sink_add(lookup->sink, &question, entry->posting, &table->usual_terms);
		return;
	}
}

void address_table_find_ipv6(const struct address_table *table, const struct lookup *lookup)
{
	const struct exact_table *exact = &table->exact;
	uint64_t hashes[MATCH_BATCH_MAX];
	uint8_t passed[MATCH_BATCH_MAX];
	unsigned passed_count;

	if (exact->bucket_count == 0)
		return;
	for (unsigned i = 0; i < lookup->count; i++) {
		const struct observable *observable = &lookup->observables[lookup->indexes[i]];

		hashes[i] = keyed_hash_address(&table->seeds, &observable->address);
		filter_prefetch(&exact->filter, hashes[i]);
	}
	passed_count = pass_filter(exact, hashes, lookup->count, passed);
	for (unsigned k = 0; k < passed_count; k++)
		address_table_find_one_ipv6(table, lookup, passed[k], hashes[passed[k]]);
}
