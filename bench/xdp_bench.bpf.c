// Writes an address into the packet and calls the program that is measured: what the writing costs
// is measured with a program that does nothing, and subtracted.
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "bench/xdp_bench.h"
#include "ebpf/filter_bits.h"
#include "ebpf/maps.h"

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, BENCH_COUNT);
	__type(key, uint32_t);
	__type(value, uint32_t);
} programs SEC(".maps");

// A plain trie, one a family.
struct trie4_key {
	uint32_t length;
	uint32_t address;
};
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 21);
	__type(key, struct trie4_key);
	__type(value, uint32_t);
} trie4 SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 21);
	__type(key, struct xdp_network_key);
	__type(value, uint32_t);
} trie6 SEC(".maps");

// What xdp-filter of xdp-tools looks addresses up in: counters by CPU, 10,000 of each family.
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, BENCH_HASH_ENTRIES);
	__type(key, uint32_t);
	__type(value, uint64_t);
} hash4 SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, BENCH_HASH_ENTRIES);
	__type(key, struct xdp_words);
	__type(value, uint64_t);
} hash6 SEC(".maps");

uint64_t state = 0x123456789abcdef; // of the random numbers
uint64_t number_mask = 0xffffffff;  // of the addresses written
uint32_t program = 0;
uint64_t found = 0; // by the peers

static __always_inline uint64_t next_random(void)
{
	uint64_t random = state;

	random ^= random << 13;
	random ^= random >> 7;
	random ^= random << 17;
	state = random;
	return random;
}

SEC("xdp.frags")
int write_ipv4(struct xdp_md *context)
{
	uint8_t *data = (void *)(long)context->data;
	uint64_t number = next_random() & number_mask;

	if (data + BENCH_IPV4_SOURCE + 4 > (uint8_t *)(long)context->data_end)
		return XDP_ABORTED;
	*(uint32_t *)(data + BENCH_IPV4_SOURCE) = bpf_htonl(bench_ipv4(number));
	bpf_tail_call(context, &programs, program);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int write_ipv6(struct xdp_md *context)
{
	uint8_t *data = (void *)(long)context->data;
	uint64_t number = next_random() & number_mask;

	if (data + BENCH_IPV6_SOURCE + 16 > (uint8_t *)(long)context->data_end)
		return XDP_ABORTED;
	*(uint64_t *)(data + BENCH_IPV6_SOURCE) = (bench_mix(number) & ~0xffull) | 0x20;
	*(uint64_t *)(data + BENCH_IPV6_SOURCE + 8) = bench_mix(number + 1);
	bpf_tail_call(context, &programs, program);
	return XDP_ABORTED;
}

SEC("xdp.frags")
int nothing(struct xdp_md *context)
{
	(void)context;
	return XDP_PASS;
}

// Both peers read no more than the EtherType and the addresses.
SEC("xdp.frags")
int trie(struct xdp_md *context)
{
	uint8_t *data = (void *)(long)context->data;
	uint8_t *end = (void *)(long)context->data_end;

	if (data + BENCH_IPV4_SOURCE + 8 > end)
		return XDP_ABORTED;
	if (*(uint16_t *)(data + 12) == bpf_htons(0x0800)) {
		uint8_t *source = data + BENCH_IPV4_SOURCE;
		struct trie4_key key = {32, *(uint32_t *)source};

		if (bpf_map_lookup_elem(&trie4, &key))
			goto drop;
		key.address = *(uint32_t *)(source + 4);
		if (bpf_map_lookup_elem(&trie4, &key))
			goto drop;
		return XDP_PASS;
	}
	if (data + BENCH_IPV6_SOURCE + 32 > end)
		return XDP_ABORTED;
	struct xdp_network_key key = {.length = 128};

	__builtin_memcpy(key.address, data + BENCH_IPV6_SOURCE, 16);
	if (bpf_map_lookup_elem(&trie6, &key))
		goto drop;
	__builtin_memcpy(key.address, data + BENCH_IPV6_SOURCE + 16, 16);
	if (bpf_map_lookup_elem(&trie6, &key))
		goto drop;
	return XDP_PASS;
drop:
	found++;
	return XDP_DROP;
}

SEC("xdp.frags")
int hash(struct xdp_md *context)
{
	uint8_t *data = (void *)(long)context->data;
	uint8_t *end = (void *)(long)context->data_end;
	uint64_t *value;

	if (data + BENCH_IPV4_SOURCE + 8 > end)
		return XDP_ABORTED;
	if (*(uint16_t *)(data + 12) == bpf_htons(0x0800)) {
		uint8_t *source = data + BENCH_IPV4_SOURCE;
		uint32_t key = *(uint32_t *)source;

		value = bpf_map_lookup_elem(&hash4, &key);
		key = *(uint32_t *)(source + 4);
		if (!value)
			value = bpf_map_lookup_elem(&hash4, &key);
	} else {
		struct xdp_words key;

		if (data + BENCH_IPV6_SOURCE + 32 > end)
			return XDP_ABORTED;
		__builtin_memcpy(&key, data + BENCH_IPV6_SOURCE, sizeof(key));
		value = bpf_map_lookup_elem(&hash6, &key);
		__builtin_memcpy(&key, data + BENCH_IPV6_SOURCE + 16, sizeof(key));
		if (!value)
			value = bpf_map_lookup_elem(&hash6, &key);
	}
	if (value) {
		(*value)++;
		found++;
		return XDP_DROP;
	}
	return XDP_PASS;
}

char program_license[] SEC("license") = "Apache-2.0";
