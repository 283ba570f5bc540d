// engine/prefix_table.h — networks: all that hold an address, nested ones too.
//
// First a question that nearly always ends it: a bit by the address's first bits, and for IPv6
// networks of /32 and longer a filter over the first 32 and 48 bits. Then the exact walk: the
// networks cut the address space into ranges; a range names the smallest network that holds it,
// and a network the one around it.
#pragma once

#include "engine/exact_table.h"
#include "engine/keyed_hash.h"
#include "engine/match_sink.h"

// From `start` to the next range's start: `network` is an index into the networks, or NO_NETWORK.
struct ipv4_range {
	uint32_t start;
	uint32_t network;
};

struct ipv6_range {
	uint64_t high; // the start, host byte order
	uint64_t low;
	uint32_t network;
	uint32_t reserved;
};

struct ipv4_prefix_table {
	const struct ipv4_network *networks; // SECTION_IPV4_NETWORKS
	const struct ipv4_range *ranges;
	struct slice bits; // by the first 16 or 24 bits of an address
	uint32_t network_count;
	uint32_t range_count;
	unsigned bit_shift;
	struct packed_terms usual_terms;
};

struct ipv6_prefix_table {
	const struct ipv6_network *networks; // SECTION_IPV6_NETWORKS
	const struct ipv6_range *ranges;
	struct slice bits;    // by the first 16 bits: networks shorter than /32
	struct filter filter; // networks of /32 and longer
	uint32_t network_count;
	uint32_t range_count;
	uint64_t seed;
	struct packed_terms usual_terms;
};

// Hashes of the first 32 and 48 bits, of the first 64 given. Their numbers are told apart by
// the multiplier, so that a /32 of zeros behind is not its own /48.
static inline uint64_t prefix_table_hash_32(uint64_t high, uint64_t seed)
{
	return hash_mix((high >> 32) ^ seed, HASH_SECRET_0);
}

static inline uint64_t prefix_table_hash_48(uint64_t high, uint64_t seed)
{
	return hash_mix((high >> 16) ^ seed, HASH_SECRET_1);
}

// Makes the derived sections.
struct prefix_table_builder {
	struct block bits;
	struct block filter; // IPv6
	struct block ranges;
};

// Fill in the parents of networks in canonical order (entry_rows.h).
void prefix_table_link_ipv4(struct block *networks);
void prefix_table_link_ipv6(struct block *networks);

// From SECTION_IPV4_NETWORKS and SECTION_IPV6_NETWORKS, in their order. 0 or -ENOMEM.
int prefix_table_build_ipv4(struct prefix_table_builder *builder, struct slice networks);
int prefix_table_build_ipv6(struct prefix_table_builder *builder, struct slice networks,
                            uint64_t seed);

void prefix_table_builder_close(struct prefix_table_builder *builder);

// Puts the sections together; networks that the bits and ranges say nothing about are lost.
void prefix_table_open_ipv4(struct ipv4_prefix_table *table, struct slice networks,
                            struct slice bits, struct slice ranges);
void prefix_table_open_ipv6(struct ipv6_prefix_table *table, struct slice networks,
                            struct slice bits, struct slice filter, struct slice ranges);

// HOT. The observables of `lookup` are addresses of the one kind. An IPv6 network never holds
// an IPv4 address, though ::/0 covers the mapped ones on paper.
void prefix_table_find_ipv4(const struct ipv4_prefix_table *table, const struct lookup *lookup);
void prefix_table_find_ipv6(const struct ipv6_prefix_table *table, const struct lookup *lookup);

// The posting reference of the smallest network that holds all of `prefix`, or 0.
uint32_t prefix_table_posting_ipv4(const struct ipv4_prefix_table *table,
                                   const struct prefix *prefix);
uint32_t prefix_table_posting_ipv6(const struct ipv6_prefix_table *table,
                                   const struct prefix *prefix);
