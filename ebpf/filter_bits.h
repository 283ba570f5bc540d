// ebpf/filter_bits.h — where an address stands in a set's filter, and a flow in the flow array.
// Shared by the program and user space: both must say the same.
//
// The filter excludes, exactly: an address that is listed, or lies in a listed network, always has
// its bits set. All is asked by a keyed hash of the address' block: the /24 of IPv4, the /48 of
// IPv6.
//
// First the guard: is there anything in this block? Two bits of one word, and so few words that
// they stay in a core's own cache, since what costs is to wait for memory
// (docs/decisions/0011-xdp.md). What it lets through, some of ten, is asked of the block's line,
// eight words, one cache line: in it, a host has four bits of one of the words 1-7, by a hash of
// all 128 bits; the block's network marks have four bits each of word 0.
//
// IPv4 networks of 17-24 bits are taken apart into their /24s; a longer one marks the /24 it is in;
// those of up to 16 bits are exact bits of a table of all /16s. IPv6 networks of 64 and more bits
// are marked by their /64, those of 48-63 by their /48, both in the line; shorter ones in words of
// their own, which are few: at 24 or 32 bits, after one of 25-31 bits was taken apart into its /32s
// and one of 12-23 into /24s. What is wider than /12 makes candidates of all (XDP_SET_WIDE6), and
// so does for IPv4 what holds all of it.
#pragma once

#include <stdint.h>

#define XDP_MIX_0 UINT64_C(0x9e3779b97f4a7c15)
#define XDP_MIX_1 UINT64_C(0xd6e8feb86659fd93)

// An address as two words, as they lie in memory.
struct xdp_words {
	uint64_t high; // the first eight bytes
	uint64_t low;
};

static inline uint64_t xdp_mix(uint64_t state)
{
	state *= XDP_MIX_0;
	state ^= state >> 32;
	state *= XDP_MIX_1;
	return state ^ state >> 32;
}

static inline uint64_t xdp_hash(const uint64_t seeds[2], uint64_t high, uint64_t low)
{
	uint64_t state = (high ^ seeds[0]) * XDP_MIX_0;

	return xdp_mix((state ^ state >> 32) + (low ^ seeds[1]));
}

static inline uint64_t xdp_bits(uint64_t hash)
{
	return UINT64_C(1) << (hash & 63) | UINT64_C(1) << (hash >> 6 & 63);
}

// What is asked last has more bits, since a hash or a trie is dear.
static inline uint64_t xdp_marks(uint64_t hash)
{
	return xdp_bits(hash) | xdp_bits(hash >> 12);
}

enum { XDP_LINE_WORDS = 8 };

static inline int xdp_words_ipv4(struct xdp_words address)
{
	return address.high == 0 && (uint32_t)address.low == 0xffff0000u;
}

// Of the address' block: chooses its word of the guard, its line, and the marks of its /24 or /48.
static inline uint64_t xdp_block_hash(const uint64_t seeds[2], struct xdp_words address)
{
	if (xdp_words_ipv4(address))
		return xdp_hash(seeds, address.low & UINT64_C(0x00ffffffffffffff), 24);
	return xdp_hash(seeds, address.high & UINT64_C(0x0000ffffffffffff), 48);
}

// Of the whole address.
static inline uint64_t xdp_address_hash(uint64_t block_hash, struct xdp_words address)
{
	return xdp_mix((block_hash ^ address.high >> 48) * XDP_MIX_1 + address.low);
}

// The block's word of the guard, from its base; the bits are xdp_bits().
static inline uint32_t xdp_guard(uint64_t block_hash, uint32_t guard_mask)
{
	return (uint32_t)(block_hash >> 12) & guard_mask;
}

// The first word of the address' line, its word 0.
static inline uint32_t xdp_line(uint64_t block_hash, uint32_t line_mask)
{
	return ((uint32_t)(block_hash >> 32) & line_mask) * XDP_LINE_WORDS;
}

// Where a host stands in its line; the bits are xdp_marks().
static inline uint32_t xdp_host_word(uint64_t address_hash)
{
	return 1 + (uint32_t)((address_hash >> 24 & 0xff) * (XDP_LINE_WORDS - 1) >> 8);
}

// The bits of an IPv6 /64 in word 0; those of a /24 of IPv4 and a /48 of IPv6 are xdp_marks() of
// the block's hash.
static inline uint64_t xdp_marks64(uint64_t block_hash, uint64_t high)
{
	return xdp_marks(xdp_mix(block_hash + (high >> 48) + 1));
}

// The number of an IPv4 address' /16: bit (number & 63) of word (number >> 6), from short4_base.
static inline uint32_t xdp_short4(const uint8_t octets[4])
{
	return (uint32_t)octets[0] << 8 | octets[1];
}

// Marks of short IPv6 networks, of one word: & short6_mask, from short6_base. `high` are the first
// eight bytes as they lie in memory (little-endian: the first byte is the lowest).
struct xdp_short6 {
	uint32_t word;
	uint64_t bits24, bits32;
};

static inline struct xdp_short6 xdp_short6(const uint64_t seeds[2], uint64_t high)
{
	uint64_t hash = xdp_hash(seeds, high & 0xffffff, 24 << 8);

	return (struct xdp_short6){
		.word = (uint32_t)(hash >> 32),
		.bits24 = xdp_bits(hash),
		.bits32 = xdp_bits(xdp_mix(hash + (high >> 24 & 0xff) + 1)),
	};
}

// The same for both directions: what is done to the two ends commutes. Ports in host order; line:
// & flow_mask, of the upper half; the low bits of a tag are its state.
static inline uint64_t xdp_flow_end(uint64_t address_hash, uint16_t port)
{
	return xdp_mix(address_hash + port);
}

static inline uint64_t xdp_flow_hash(uint64_t one_end, uint64_t other_end, uint8_t protocol)
{
	return xdp_mix(one_end + other_end + protocol);
}
