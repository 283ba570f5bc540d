#include "ebpf/mirror_filter.h"

#include "engine/address.h"

enum {
	HOST_WORDS_MIN = 1 << 10,
	NETWORK_WORDS_MIN = 1 << 10,
	WORDS_MAX = 1 << 26,
	IPV6_WIDEST_BITS = 12, // wider ones are asked for always
};

static bool is_ipv4(const struct prefix *prefix)
{
	return prefix->length >= IPV4_PREFIX_BITS && address_is_ipv4(&prefix->address);
}

// How many marks an IPv6 network takes.
static uint64_t ipv6_marks(unsigned length)
{
	if (length < IPV6_WIDEST_BITS)
		return 0;
	if (length < 24)
		return UINT64_C(1) << (24 - length);
	return length > 24 && length < 32 ? UINT64_C(1) << (32 - length) : 1;
}

static uint32_t power_of_two(uint64_t count, uint32_t minimum)
{
	uint32_t words = minimum;

	while (words < count && words < WORDS_MAX)
		words *= 2;
	return words;
}

uint64_t mirror_filter_lay_out(struct xdp_set *shared, const struct mirror_rows *rows)
{
	size_t count;
	const struct mirror_row *networks = mirror_rows_get(rows, MIRROR_NETWORK, &count);
	uint64_t marks = 0;
	uint32_t host_words = power_of_two(rows->hosts, HOST_WORDS_MIN);
	uint32_t network_words;

	for (size_t i = 0; i < count; i++)
		if (!is_ipv4(&networks[i].prefix))
			marks += ipv6_marks(networks[i].prefix.length);
	network_words = power_of_two(marks, NETWORK_WORDS_MIN);
	shared->host_mask = host_words - 1;
	shared->network_mask = network_words - 1;
	shared->network_base = host_words;
	shared->network4_base = host_words + network_words;
	return (uint64_t)host_words + network_words + XDP_NETWORK4_WORDS;
}

// One writer. The program reads a word once: relaxed, since an entry is in its map before (the
// system call that put it there orders the two), and the word stands for itself.
static void set_bits(struct mirror_set *set, uint64_t word, uint64_t bits)
{
	uint64_t *place = &set->filter[word];

	if (word < set->filter_bytes / sizeof(*place))
		__atomic_store_n(place, *place | bits, __ATOMIC_RELAXED);
}

static void mark_host(struct mirror_set *set, const struct address *address)
{
	const struct xdp_set *shared = set->shared;
	struct xdp_words words;
	struct xdp_mark mark;

	memcpy(&words, address->octets, sizeof(words));
	mark = xdp_host_mark(xdp_address_hash(set->maps->config->seeds, words));
	set_bits(set, mark.word & shared->host_mask, mark.bits);
}

static uint32_t mark_network4(struct mirror_set *set, const struct prefix *prefix)
{
	unsigned length = prefix->length - IPV4_PREFIX_BITS;
	uint32_t first = xdp_network4(prefix->address.octets + 12);
	uint32_t count = length < 24 ? UINT32_C(1) << (24 - length) : 1;

	if (length == 0)
		return XDP_SET_WIDE4;
	for (uint32_t number = first; number < first + count;) {
		uint64_t word = set->shared->network4_base + (number >> 6);
		bool is_whole = number % 64 == 0 && first + count - number >= 64;

		set_bits(set, word, is_whole ? UINT64_MAX : UINT64_C(1) << (number & 63));
		number += is_whole ? 64 : 1;
	}
	return 0;
}

// The first 64 bits as a number, to count networks with.
static uint64_t high_of(const struct address *address)
{
	uint64_t high;

	memcpy(&high, address->octets, sizeof(high));
	return __builtin_bswap64(high);
}

static void mark_network6_at(struct mirror_set *set, uint64_t high, unsigned length)
{
	const struct xdp_network6 marks = xdp_network6_marks(set->maps->config->seeds,
	                                                     __builtin_bswap64(high));
	const struct xdp_mark *mark = &marks.at64;

	if (length < 32)
		mark = &marks.at24;
	else if (length < 48)
		mark = &marks.at32;
	else if (length < 64)
		mark = &marks.at48;
	set_bits(set, set->shared->network_base + (mark->word & set->shared->network_mask),
	         mark->bits);
}

static uint32_t mark_network6(struct mirror_set *set, const struct prefix *prefix)
{
	uint64_t high = high_of(&prefix->address);
	uint64_t count = ipv6_marks(prefix->length);
	unsigned length = prefix->length;

	if (length < 24)
		length = 24;
	else if (length > 24 && length < 32)
		length = 32;
	for (uint64_t i = 0; i < count; i++)
		mark_network6_at(set, high + (length < 64 ? i << (64 - length) : i), length);
	return count == 0 ? XDP_SET_WIDE6 : 0;
}

uint32_t mirror_filter_mark(struct mirror_set *set, enum mirror_kind kind,
                            const struct mirror_row *row)
{
	// A host with ports has a row before them, for any.
	if (kind == MIRROR_HOST && row->protocol == 0 && row->port == 0)
		mark_host(set, &row->prefix.address);
	if (kind != MIRROR_NETWORK)
		return 0;
	if (row->is_hole)
		return XDP_SET_NETWORKS;
	return XDP_SET_NETWORKS | (is_ipv4(&row->prefix) ? mark_network4(set, &row->prefix)
	                                                 : mark_network6(set, &row->prefix));
}
