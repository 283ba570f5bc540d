// The derived sections of networks (engine/prefix_table.h).
#include <errno.h>

#include "engine/address.h"
#include "engine/prefix_table.h"

enum {
	FEW_NETWORKS = 1024, // more than these get a bit a /24, not a /16
	FEW_BYTES = (1 << 16) / 8,
	MANY_BYTES = (1 << 24) / 8,
	FILTER_BITS_PER_NETWORK = 16,
	DEPTH_MAX = 129,
};

// A network as numbers, of either kind.
struct span {
	__uint128_t first;
	__uint128_t last;
};

static struct span span_ipv4(const struct ipv4_network *network)
{
	uint32_t host_bits = network->length > 0 ? UINT32_MAX >> network->length : UINT32_MAX;

	if (network->length >= 32)
		host_bits = 0;
	return (struct span){network->address, network->address | host_bits};
}

static __uint128_t address_number(const struct address *address)
{
	uint64_t words[2];

	memcpy(words, address->octets, sizeof(words));
	return (__uint128_t)__builtin_bswap64(words[0]) << 64 | __builtin_bswap64(words[1]);
}

static struct span span_ipv6(const struct ipv6_network *network)
{
	__uint128_t first = address_number(&network->address);
	__uint128_t host_bits = network->length < 128 ? ~(__uint128_t)0 >> network->length : 0;

	return (struct span){first, first | host_bits};
}

// The networks around the one at hand, largest first.
struct nest {
	struct {
		uint32_t network;
		__uint128_t last;
	} open[DEPTH_MAX];
	unsigned depth;
};

static uint32_t nest_innermost(const struct nest *nest)
{
	return nest->depth > 0 ? nest->open[nest->depth - 1].network : NO_NETWORK;
}

static void nest_push(struct nest *nest, uint32_t network, __uint128_t last)
{
	nest->open[nest->depth].network = network;
	nest->open[nest->depth++].last = last;
}

static void *block_last(const struct block *rows, size_t row_size)
{
	return rows->size > 0 ? rows->data + rows->size - row_size : NULL;
}

// Says that `network` is the innermost one from `start` on.
typedef int emit_range(struct block *ranges, __uint128_t start, uint32_t network);

static int emit_range_ipv4(struct block *ranges, __uint128_t start, uint32_t network)
{
	struct ipv4_range *range = block_last(ranges, sizeof(*range));

	if (start > UINT32_MAX)
		return 0;
	if (range == NULL || range->start != (uint32_t)start)
		range = block_extend(ranges, sizeof(*range));
	if (range == NULL)
		return -ENOMEM;
	*range = (struct ipv4_range){(uint32_t)start, network};
	return 0;
}

static int emit_range_ipv6(struct block *ranges, __uint128_t start, uint32_t network)
{
	struct ipv6_range *range = block_last(ranges, sizeof(*range));
	uint64_t high = (uint64_t)(start >> 64);
	uint64_t low = (uint64_t)start;

	if (range == NULL || range->high != high || range->low != low)
		range = block_extend(ranges, sizeof(*range));
	if (range == NULL)
		return -ENOMEM;
	*range = (struct ipv6_range){high, low, network, 0};
	return 0;
}

// Closes the networks that end before `start`.
static int nest_close_before(struct nest *nest, __uint128_t start, struct block *ranges,
                             emit_range *emit)
{
	int error = 0;

	while (nest->depth > 0 && nest->open[nest->depth - 1].last < start && error == 0) {
		__uint128_t last = nest->open[--nest->depth].last;

		error = emit(ranges, last + 1, nest_innermost(nest));
	}
	return error;
}

// Closes what is still open. A network that reaches to the last address has no range behind it.
static int nest_close_all(struct nest *nest, struct block *ranges, emit_range *emit)
{
	int error = 0;

	while (nest->depth > 0 && error == 0) {
		__uint128_t last = nest->open[--nest->depth].last;

		if (last != ~(__uint128_t)0)
			error = emit(ranges, last + 1, nest_innermost(nest));
	}
	return error;
}

void prefix_table_link_ipv4(struct block *block)
{
	struct ipv4_network *networks = (struct ipv4_network *)block->data;
	struct nest nest = {};

	for (uint32_t i = 0; i < block->size / sizeof(*networks); i++) {
		struct span span = span_ipv4(&networks[i]);

		while (nest.depth > 0 && nest.open[nest.depth - 1].last < span.first)
			nest.depth--;
		networks[i].parent = nest_innermost(&nest);
		nest_push(&nest, i, span.last);
	}
}

void prefix_table_link_ipv6(struct block *block)
{
	struct ipv6_network *networks = (struct ipv6_network *)block->data;
	struct nest nest = {};

	for (uint32_t i = 0; i < block->size / sizeof(*networks); i++) {
		struct span span = span_ipv6(&networks[i]);

		while (nest.depth > 0 && nest.open[nest.depth - 1].last < span.first)
			nest.depth--;
		networks[i].parent = nest_innermost(&nest);
		nest_push(&nest, i, span.last);
	}
}

static void set_bits(struct block *bits, uint32_t first, uint32_t last)
{
	for (uint32_t i = first; i <= last; i++)
		bits->data[i / 8] |= (uint8_t)(1 << (i % 8));
}

int prefix_table_build_ipv4(struct prefix_table_builder *builder, struct slice section)
{
	const struct ipv4_network *networks = (const struct ipv4_network *)section.data;
	uint32_t count = (uint32_t)(section.size / sizeof(*networks));
	unsigned shift = count > FEW_NETWORKS ? 8 : 16;
	struct nest nest = {};
	int error;

	if (count == 0)
		return 0;
	if (block_extend(&builder->bits, count > FEW_NETWORKS ? MANY_BYTES : FEW_BYTES) == NULL)
		return -ENOMEM;
	error = emit_range_ipv4(&builder->ranges, 0, NO_NETWORK);
	for (uint32_t i = 0; i < count && error == 0; i++) {
		struct span span = span_ipv4(&networks[i]);

		set_bits(&builder->bits, (uint32_t)span.first >> shift,
		         (uint32_t)span.last >> shift);
		error = nest_close_before(&nest, span.first, &builder->ranges, emit_range_ipv4);
		nest_push(&nest, i, span.last);
		if (error == 0)
			error = emit_range_ipv4(&builder->ranges, span.first, i);
	}
	return error != 0 ? error : nest_close_all(&nest, &builder->ranges, emit_range_ipv4);
}

static void filter_add(struct block *filter, uint64_t hash)
{
	uint64_t *words = (uint64_t *)filter->data;

	words[filter_word_index(filter->size / sizeof(*words), hash)] |= filter_entry_bits(hash);
}

// Marks a network where a look-up will ask for it first.
static void mark_ipv6(struct prefix_table_builder *builder, const struct ipv6_network *network,
                      uint64_t seed)
{
	struct span span = span_ipv6(network);
	uint64_t high = (uint64_t)(span.first >> 64);

	if (network->length < 32)
		set_bits(&builder->bits, (uint32_t)(span.first >> 112),
		         (uint32_t)(span.last >> 112));
	else if (network->length < 48)
		filter_add(&builder->filter, prefix_table_hash_32(high, seed));
	else
		filter_add(&builder->filter, prefix_table_hash_48(high, seed));
}

int prefix_table_build_ipv6(struct prefix_table_builder *builder, struct slice section,
                            uint64_t seed)
{
	const struct ipv6_network *networks = (const struct ipv6_network *)section.data;
	uint32_t count = (uint32_t)(section.size / sizeof(*networks));
	struct nest nest = {};
	int error;

	if (count == 0)
		return 0;
	if (block_extend(&builder->bits, FEW_BYTES) == NULL ||
	    block_extend(&builder->filter,
	                 (count * (uint64_t)FILTER_BITS_PER_NETWORK / 64 + 1) * 8) == NULL)
		return -ENOMEM;
	error = emit_range_ipv6(&builder->ranges, 0, NO_NETWORK);
	for (uint32_t i = 0; i < count && error == 0; i++) {
		struct span span = span_ipv6(&networks[i]);

		mark_ipv6(builder, &networks[i], seed);
		error = nest_close_before(&nest, span.first, &builder->ranges, emit_range_ipv6);
		nest_push(&nest, i, span.last);
		if (error == 0)
			error = emit_range_ipv6(&builder->ranges, span.first, i);
	}
	return error != 0 ? error : nest_close_all(&nest, &builder->ranges, emit_range_ipv6);
}

void prefix_table_builder_close(struct prefix_table_builder *builder)
{
	block_close(&builder->bits);
	block_close(&builder->filter);
	block_close(&builder->ranges);
}
