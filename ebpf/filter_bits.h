// ebpf/filter_bits.h — where an address stands in a set's filter, and a flow in the flow array.
// Shared by the program and user space: both must say the same.
//
// The filter excludes, exactly: an address that is listed, or lies in a listed network, always has
// its bits set. Hosts: two bits of one 64-bit word, by a keyed hash of all 128 bits. IPv4 networks:
// one bit a /24; a shorter one sets all of its own, a longer one the /24 it is in. IPv6 networks:
// marks of two bits at 24, 32, 48 and 64 bits, those of 24 and 32 in one word and those of 48 and
// 64 in another: a network is marked at the longest of these lengths that is not longer than it,
// after one of 25-31 bits was taken apart into its /32s and one of 12-23 into /24s. What is wider
// than /12 makes candidates of all (XDP_SET_WIDE6), and so does for IPv4 what holds all of it.
#pragma once

#include <stdint.h>

#define XDP_MIX_0 UINT64_C(0x9e3779b97f4a7c15)
#define XDP_MIX_1 UINT64_C(0xd6e8feb86659fd93)

// Two bits of a word.
struct xdp_mark {
	uint32_t word; // to be masked
	uint64_t bits;
};

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

static inline struct xdp_mark xdp_mark_of(uint64_t hash)
{
	return (struct xdp_mark){.word = (uint32_t)(hash >> 32), .bits = xdp_bits(hash)};
}

static inline uint64_t xdp_address_hash(const uint64_t seeds[2], struct xdp_words address)
{
	return xdp_hash(seeds, address.high, address.low);
}

// Word: & host_mask.
static inline struct xdp_mark xdp_host_mark(uint64_t address_hash)
{
	return xdp_mark_of(address_hash);
}

// The number of an IPv4 address' /24: bit (number & 63) of word (number >> 6), from network4_base.
static inline uint32_t xdp_network4(const uint8_t octets[4])
{
	return (uint32_t)octets[0] << 16 | (uint32_t)octets[1] << 8 | octets[2];
}

// Words: & network_mask, from network_base. `high` are the first eight bytes as they lie in
// memory (little-endian: the first byte is the lowest).
struct xdp_network6 {
	struct xdp_mark at24, at32; // of the same word
	struct xdp_mark at48, at64; // of the same word
};

static inline struct xdp_network6 xdp_network6_marks(const uint64_t seeds[2], uint64_t high)
{
	uint64_t short_hash = xdp_hash(seeds, high & 0xffffff, 24);
	uint64_t long_hash = xdp_hash(seeds, high & UINT64_C(0xffffffffffff), 48);
	struct xdp_network6 marks = {
		.at24 = xdp_mark_of(short_hash),
		.at32 = xdp_mark_of(short_hash),
		.at48 = xdp_mark_of(long_hash),
		.at64 = xdp_mark_of(long_hash),
	};

	marks.at32.bits = xdp_bits(xdp_mix(short_hash + (high >> 24 & 0xff) + 1));
	marks.at64.bits = xdp_bits(xdp_mix(long_hash + (high >> 48) + 1));
	return marks;
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
