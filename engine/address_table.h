// engine/address_table.h — hosts: exact addresses, IPv4 and IPv6 apart.
#pragma once

#include "engine/exact_table.h"
#include "engine/keyed_hash.h"
#include "engine/match_sink.h"

struct address_table {
	struct exact_table exact;
	struct hash_seeds seeds;
	struct packed_terms usual_terms;
	const struct ipv6_entry *entries; // IPv6 only: an IPv4 bucket holds addresses themselves
	uint64_t entry_count;
};

// Fill `builder` from the entries of SECTION_IPV4_HOSTS and SECTION_IPV6_HOSTS. 0 or -ENOMEM.
int address_table_build_ipv4(struct exact_table_builder *builder, struct slice entries,
                             const struct hash_seeds *seeds);
int address_table_build_ipv6(struct exact_table_builder *builder, struct slice entries,
                             const struct hash_seeds *seeds);

// HOT. The observables of `lookup` are addresses of the one kind.
void address_table_find_ipv4(const struct address_table *table, const struct lookup *lookup);
void address_table_find_ipv6(const struct address_table *table, const struct lookup *lookup);

// The posting reference of an address itself, or 0.
uint32_t address_table_posting_ipv4(const struct address_table *table,
                                    const struct address *address);
uint32_t address_table_posting_ipv6(const struct address_table *table,
                                    const struct address *address);
