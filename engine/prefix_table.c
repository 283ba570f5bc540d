#include "engine/prefix_table.h"

#include "engine/address.h"

static uint32_t row_count(struct slice section, size_t row_size)
{
	size_t count = section.size / row_size;

	return count < NO_NETWORK ? (uint32_t)count : NO_NETWORK - 1;
}

void prefix_table_open_ipv4(struct ipv4_prefix_table *table, struct slice networks,
                            struct slice bits, struct slice ranges)
{
	static const unsigned shifts[] = {16, 8};

	for (size_t i = 0; i < sizeof(shifts) / sizeof(shifts[0]); i++) {
		if (bits.size == (UINT64_C(1) << (32 - shifts[i])) / 8)
			table->bit_shift = shifts[i];
	}
	if (table->bit_shift == 0)
		return;
	table->networks = (const struct ipv4_network *)networks.data;
	table->network_count = row_count(networks, sizeof(*table->networks));
	table->ranges = (const struct ipv4_range *)ranges.data;
	table->range_count = row_count(ranges, sizeof(*table->ranges));
	table->bits = bits;
}

void prefix_table_open_ipv6(struct ipv6_prefix_table *table, struct slice networks,
                            struct slice bits, struct slice filter, struct slice ranges)
{
	table->filter = filter_open(filter);
	if (bits.size != (1 << 16) / 8 || table->filter.word_count == 0)
		return;
	table->networks = (const struct ipv6_network *)networks.data;
	table->network_count = row_count(networks, sizeof(*table->networks));
	table->ranges = (const struct ipv6_range *)ranges.data;
	table->range_count = row_count(ranges, sizeof(*table->ranges));
	table->bits = bits;
}

static bool bit_is_set(struct slice bits, uint32_t index)
{
	return (bits.data[index / 8] >> (index % 8) & 1) != 0;
}

static struct match_question network_question(const struct lookup *lookup, unsigned i)
{
	const struct observable *observable = &lookup->observables[lookup->indexes[i]];

	return (struct match_question){
		.observable = lookup->indexes[i],
		.kind = MATCH_PREFIX,
		.protocol = observable->protocol,
		.port = observable->port,
	};
}

static uint32_t ipv4_innermost(const struct ipv4_prefix_table *table, uint32_t address)
{
	uint32_t low = 0;
	uint32_t high = table->range_count;

	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;

		if (table->ranges[middle].start <= address)
			low = middle;
		else
			high = middle;
	}
	return high > 0 ? table->ranges[low].network : NO_NETWORK;
}

void prefix_table_find_ipv4(const struct ipv4_prefix_table *table, const struct lookup *lookup)
{
	if (table->bits.size == 0)
		return;
	for (unsigned i = 0; i < lookup->count; i++) {
		const struct observable *observable = &lookup->observables[lookup->indexes[i]];
		uint32_t address = address_ipv4(&observable->address);
		struct match_question question;
		uint32_t network;

		if (!bit_is_set(table->bits, address >> table->bit_shift))
			continue;
		question = network_question(lookup, i);
		network = ipv4_innermost(table, address);
		while (network < table->network_count) {
			const struct ipv4_network *found = &table->networks[network];

			match_sink_add(lookup->sink, &question, found->posting,
			               &table->usual_terms);
			// Only ever backwards, so that a corrupt file cannot make a circle.
			network = found->parent < network ? found->parent : NO_NETWORK;
		}
	}
}

uint32_t prefix_table_posting_ipv4(const struct ipv4_prefix_table *table,
                                   const struct prefix *prefix)
{
	uint32_t address = address_ipv4(&prefix->address);
	uint32_t network;

	if (table->bits.size == 0 || !bit_is_set(table->bits, address >> table->bit_shift))
		return 0;
	network = ipv4_innermost(table, address);
	while (network < table->network_count) {
		const struct ipv4_network *found = &table->networks[network];

		if (found->length + IPV4_PREFIX_BITS <= prefix->length)
			return found->posting;
		network = found->parent < network ? found->parent : NO_NETWORK;
	}
	return 0;
}

static bool ipv6_range_is_after(const struct ipv6_range *range, uint64_t high, uint64_t low)
{
	return range->high != high ? range->high > high : range->low > low;
}

static uint32_t ipv6_innermost(const struct ipv6_prefix_table *table, uint64_t high, uint64_t low)
{
	uint32_t from = 0;
	uint32_t to = table->range_count;

	while (to - from > 1) {
		uint32_t middle = from + (to - from) / 2;

		if (ipv6_range_is_after(&table->ranges[middle], high, low))
			to = middle;
		else
			from = middle;
	}
	return to > 0 ? table->ranges[from].network : NO_NETWORK;
}

static bool ipv6_may_hold(const struct ipv6_prefix_table *table, uint64_t high)
{
	uint64_t hash_32 = prefix_table_hash_32(high, table->seed);
	uint64_t hash_48 = prefix_table_hash_48(high, table->seed);

	return bit_is_set(table->bits, (uint32_t)(high >> 48)) ||
	       filter_has_entry(filter_word(&table->filter, hash_32), hash_32) ||
	       filter_has_entry(filter_word(&table->filter, hash_48), hash_48);
}

void prefix_table_find_ipv6(const struct ipv6_prefix_table *table, const struct lookup *lookup)
{
	if (table->bits.size == 0)
		return;
	for (unsigned i = 0; i < lookup->count; i++) {
		const struct observable *observable = &lookup->observables[lookup->indexes[i]];
		uint64_t words[2];
		struct match_question question;
		uint32_t network;

		memcpy(words, observable->address.octets, sizeof(words));
		words[0] = __builtin_bswap64(words[0]);
		if (!ipv6_may_hold(table, words[0]))
			continue;
		question = network_question(lookup, i);
		network = ipv6_innermost(table, words[0], __builtin_bswap64(words[1]));
		while (network < table->network_count) {
			const struct ipv6_network *found = &table->networks[network];

			match_sink_add(lookup->sink, &question, found->posting,
			               &table->usual_terms);
			network = found->parent < network ? found->parent : NO_NETWORK;
		}
	}
}

uint32_t prefix_table_posting_ipv6(const struct ipv6_prefix_table *table,
                                   const struct prefix *prefix)
{
	uint64_t words[2];
	uint32_t network;

	memcpy(words, prefix->address.octets, sizeof(words));
	words[0] = __builtin_bswap64(words[0]);
	if (table->bits.size == 0)
		return 0;
	network = ipv6_innermost(table, words[0], __builtin_bswap64(words[1]));
	while (network < table->network_count) {
		const struct ipv6_network *found = &table->networks[network];

		if (found->length <= prefix->length)
			return found->posting;
		network = found->parent < network ? found->parent : NO_NETWORK;
	}
	return 0;
}
