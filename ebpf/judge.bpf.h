// ebpf/judge.bpf.h — is an address of the packet listed, in the set that is in force?
//
// The filter answers nearly always: no. Only candidates go to the hash and the trie, and what is
// found there to the veto trie.
#pragma once

#include "ebpf/tell.bpf.h"

static __always_inline uint64_t filter_word(void *filter, uint32_t index)
{
	uint64_t *word = bpf_map_lookup_elem(filter, &index);

	return word ? *word : 0;
}

static __always_inline bool has_bits(uint64_t word, uint64_t bits)
{
	return (word & bits) == bits;
}

static __always_inline bool is_short4(void *filter, const struct xdp_set *set,
                                      struct xdp_words address)
{
	uint32_t number = bpf_ntohl((uint32_t)(address.low >> 32)) >> 16;

	return filter_word(filter, set->short4_base + (number >> 6)) >> (number & 63) & 1;
}

static __always_inline bool is_short6(void *filter, const struct xdp_set *set,
                                      const uint64_t seeds[2], struct xdp_words address)
{
	struct xdp_short6 marks = xdp_short6(seeds, address.high);
	uint64_t word = filter_word(filter, set->short6_base + (marks.word & set->short6_mask));

	return has_bits(word, marks.bits24) || has_bits(word, marks.bits32);
}

// What the filter says of a packet.
enum {
	SOURCE_HOST = 1 << 0,
	SOURCE_NETWORK = 1 << 1,
	DESTINATION_HOST = 1 << 2,
	DESTINATION_NETWORK = 1 << 3,
};

// Is there perhaps something in the block?
static __always_inline bool is_guarded(void *filter, const struct xdp_set *set, uint64_t block_hash)
{
	uint32_t index = set->guard_base + xdp_guard(block_hash, set->guard_mask);

	return has_bits(filter_word(filter, index), xdp_bits(block_hash));
}

// What networks shorter than a block say, which the guard does not know.
static __always_inline bool is_short(const struct passage *passage, void *filter,
                                     const struct xdp_set *set, struct xdp_words address)
{
	if (xdp_words_ipv4(address))
		return (set->flags & XDP_SET_WIDE4) ||
		       ((set->flags & XDP_SET_SHORT4) && is_short4(filter, set, address));
	return (set->flags & XDP_SET_WIDE6) ||
	       ((set->flags & XDP_SET_SHORT6) &&
	        is_short6(filter, set, passage->config->seeds, address));
}

static __always_inline bool is_network(void *filter, const struct xdp_set *set,
                                       struct xdp_words address, uint64_t block_hash)
{
	uint64_t word = filter_word(filter, xdp_line(block_hash, set->line_mask));

	return has_bits(word, xdp_marks(block_hash)) ||
	       (!xdp_words_ipv4(address) && has_bits(word, xdp_marks64(block_hash, address.high)));
}

static __always_inline bool is_host(void *filter, const struct xdp_set *set, uint64_t block_hash,
                                    uint64_t address_hash)
{
	uint32_t index = xdp_line(block_hash, set->line_mask) + xdp_host_word(address_hash);

	return has_bits(filter_word(filter, index), xdp_marks(address_hash));
}

// Of an address whose block has something in it: hosts and networks, in the lower two bits.
static __always_inline uint32_t ask_line(void *filter, const struct xdp_set *set,
                                         struct xdp_words address, uint64_t block_hash)
{
	uint64_t address_hash = xdp_address_hash(block_hash, address);

	return (is_host(filter, set, block_hash, address_hash) ? SOURCE_HOST : 0) |
	       (is_network(filter, set, address, block_hash) ? SOURCE_NETWORK : 0);
}

// The guard is asked for both addresses before either answer is waited for.
static __always_inline uint32_t ask_filter(const struct passage *passage, void *outer,
                                           const struct xdp_set *set, uint32_t set_index)
{
	void *filter = bpf_map_lookup_elem(outer, &set_index);
	const struct parsed *packet = &passage->packet;
	uint64_t source = passage->source_block, destination = passage->destination_block;
	bool is_source, is_destination;
	uint32_t found = 0;

	if (!filter)
		return 0;
	is_source = is_guarded(filter, set, source);
	is_destination = is_guarded(filter, set, destination);
	if (is_source)
		found |= ask_line(filter, set, packet->source, source);
	if (is_destination)
		found |= ask_line(filter, set, packet->destination, destination) << 2;
	if (!(set->flags & XDP_SET_SHORT))
		return found;
	found |= is_short(passage, filter, set, packet->source) ? SOURCE_NETWORK : 0;
	found |= is_short(passage, filter, set, packet->destination) ? DESTINATION_NETWORK : 0;
	return found;
}

struct side {
	struct xdp_words address;
	uint16_t port;
	uint8_t protocol;
	bool is_host; // as the filter says: perhaps
	bool is_network;
};

// Looks in the hash of `set`: the slot, or 0. First for any port, then for its own, with and
// without the protocol.
static __always_inline uint32_t find_host(uint32_t set, const struct side *side)
{
	void *hash = bpf_map_lookup_elem(&hosts, &set);
	struct xdp_host_key key = {0};
	struct xdp_target *target;

	if (!hash)
		return 0;
	__builtin_memcpy(key.address, &side->address, sizeof(key.address));
	target = bpf_map_lookup_elem(hash, &key);
	if (!target || target->slot || !target->has_ports)
		return target ? target->slot : 0;
	key.port = side->port;
	key.protocol = side->protocol;
	target = bpf_map_lookup_elem(hash, &key);
	if (target)
		return target->slot;
	key.protocol = 0;
	target = bpf_map_lookup_elem(hash, &key);
	if (target)
		return target->slot;
	key.port = 0;
	key.protocol = side->protocol;
	target = bpf_map_lookup_elem(hash, &key);
	return target ? target->slot : 0;
}

// Likewise in the trie: of the longest network that holds it.
static __always_inline uint32_t find_network(uint32_t set, const struct side *side)
{
	void *trie = bpf_map_lookup_elem(&networks, &set);
	struct xdp_network_key key = {.length = 128};
	struct xdp_target *target;

	if (!trie)
		return 0;
	__builtin_memcpy(key.address, &side->address, sizeof(key.address));
	target = bpf_map_lookup_elem(trie, &key);
	if (!target || (target->port && target->port != side->port) ||
	    (target->protocol && target->protocol != side->protocol))
		return 0;
	return target->slot;
}

static __always_inline bool is_vetoed(uint32_t set, const struct side *side)
{
	void *trie = bpf_map_lookup_elem(&vetoes, &set);
	struct xdp_network_key key = {.length = 128};
	const uint32_t *veto;

	if (!trie)
		return false;
	__builtin_memcpy(key.address, &side->address, sizeof(key.address));
	veto = bpf_map_lookup_elem(trie, &key);
	return veto && *veto;
}

// The slot of a candidate that is to be dropped, or 0.
static __noinline uint32_t judge_side(struct passage *passage, const struct side *side)
{
	uint32_t set = (uint32_t)passage->live % XDP_SETS;
	uint32_t slot = side->is_host ? find_host(set, side) : 0;

	if (!slot && side->is_network)
		slot = find_network(set, side);
	if (slot && is_vetoed(set, side)) {
		count(XDP_VETOED, passage->wire_bytes);
		return 0;
	}
	return slot;
}

// Counts on the slot's account, and completes `why`.
static __noinline void accuse(struct passage *passage, struct reproach *why)
{
	uint32_t set = (uint32_t)passage->live % XDP_SETS;
	uint32_t index = why->slot;
	void *array = bpf_map_lookup_elem(&slots, &set);
	struct xdp_slot *slot = array ? bpf_map_lookup_elem(array, &index) : NULL;

	why->generation = (uint32_t)(passage->live >> 32);
	if (!slot)
		return;
	why->indicator_id = slot->indicator_id;
	if (slot->generation > why->generation)
		why->generation = slot->generation;
	count_atomic(&slot->count, passage->wire_bytes);
}

// True when one of the candidates is listed, indeed; *why says which.
static __noinline bool judge_candidates(struct passage *passage, struct reproach *why,
                                        uint32_t found)
{
	const struct parsed *packet = &passage->packet;
	struct side source = {packet->source, packet->source_port, packet->protocol,
	                      found & SOURCE_HOST, found & SOURCE_NETWORK};
	struct side destination = {packet->destination, packet->destination_port, packet->protocol,
	                           found & DESTINATION_HOST, found & DESTINATION_NETWORK};

	if (source.is_host || source.is_network)
		why->slot = judge_side(passage, &source);
	if (!why->slot && (destination.is_host || destination.is_network)) {
		why->slot = judge_side(passage, &destination);
		why->is_destination = true;
	}
	if (!why->slot)
		return false;
	accuse(passage, why);
	return true;
}

// What the filter of the set in force says.
static __always_inline uint32_t find_candidates(const struct passage *passage)
{
	uint32_t index = (uint32_t)passage->live % XDP_SETS;
	const struct xdp_set *set = &passage->config->sets[index];

	if (!passage->live)
		return 0;
	if (set->filter_class == XDP_FILTERS_SMALL)
		return ask_filter(passage, &filters_small, set, index);
	if (set->filter_class == XDP_FILTERS_MEDIUM)
		return ask_filter(passage, &filters_medium, set, index);
	return ask_filter(passage, &filters, set, index);
}
