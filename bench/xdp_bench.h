// bench/xdp_bench.h — the frame that xdp_bench.bpf.c writes into, and the addresses it writes.
#pragma once

#include <stdint.h>

enum bench_program {
	BENCH_NOTHING,
	BENCH_VERDICT,
	BENCH_WHOLE,
	BENCH_TRIE,
	BENCH_HASH,
	BENCH_COUNT
};

enum {
	BENCH_ETHERNET_BYTES = 14,
	BENCH_IPV4_SOURCE = BENCH_ETHERNET_BYTES + 12,
	BENCH_IPV6_SOURCE = BENCH_ETHERNET_BYTES + 8,
	BENCH_HASH_ENTRIES = 10000, // as many as xdp-filter's maps take
};

// Of a number: different ones have different addresses, in no order.
static inline uint64_t bench_mix(uint64_t number)
{
	number = (number ^ number >> 32) * UINT64_C(0x9e3779b97f4a7c15);
	return number ^ number >> 29;
}

// Distinct for distinct numbers below 2^32; within 1.0.0.0 - 223.255.255.255 or so does not matter.
static inline uint32_t bench_ipv4(uint64_t number)
{
	uint32_t address = (uint32_t)number * 0x9e3779b1u;

	return (address ^ address >> 15) * 0x85ebca77u;
}
