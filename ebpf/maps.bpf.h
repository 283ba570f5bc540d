// ebpf/maps.bpf.h — the maps, as the XDP program declares them. What they mean: maps.h.
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "ebpf/maps.h"
#include "ebpf/reason.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, uint32_t);
	__type(value, struct xdp_config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XDP_FLOW_SLOTS / XDP_FLOW_WAYS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, uint32_t);
	__type(value, struct xdp_flow_line);
} flows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XDP_FRAGMENT_SLOTS);
	__type(key, uint32_t);
	__type(value, struct xdp_fragment);
} fragments SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XDP_TOLD_SLOTS);
	__type(key, uint32_t);
	__type(value, uint64_t);
} told SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, struct xdp_telling);
} telling SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, XDP_REASON_COUNT);
	__type(key, uint32_t);
	__type(value, struct xdp_count);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, XDP_CONDEMNED_COUNTS);
	__type(key, struct xdp_condemned_key);
	__type(value, struct xdp_count);
} condemned SEC(".maps");

// Inner maps are of any size: arrays by BPF_F_INNER_MAP (Linux 5.10), the others by their kind.
// Their types are given as sizes: clang 14 does not complete those of inner maps.
struct filter_words {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	__type(key, uint32_t);
	__type(value, uint64_t);
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XDP_SETS);
	__type(key, uint32_t);
	__array(values, struct filter_words);
} filters SEC(".maps");

struct small_words {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XDP_FILTER_SMALL);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, uint32_t);
	__type(value, uint64_t);
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XDP_SETS);
	__type(key, uint32_t);
	__array(values, struct small_words);
} filters_small SEC(".maps");

struct medium_words {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, XDP_FILTER_MEDIUM);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, uint32_t);
	__type(value, uint64_t);
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XDP_SETS);
	__type(key, uint32_t);
	__array(values, struct medium_words);
} filters_medium SEC(".maps");

struct host_hash {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(struct xdp_host_key));
	__uint(value_size, sizeof(struct xdp_target));
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XDP_SETS);
	__type(key, uint32_t);
	__array(values, struct host_hash);
} hosts SEC(".maps");

struct network_trie {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct xdp_network_key));
	__uint(value_size, sizeof(struct xdp_target));
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XDP_SETS);
	__type(key, uint32_t);
	__array(values, struct network_trie);
} networks SEC(".maps");

struct veto_trie {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(key_size, sizeof(struct xdp_network_key));
	__uint(value_size, sizeof(uint32_t));
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XDP_SETS);
	__type(key, uint32_t);
	__array(values, struct veto_trie);
} vetoes SEC(".maps");

struct slot_array {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_INNER_MAP | BPF_F_MMAPABLE);
	__uint(key_size, sizeof(uint32_t));
	__uint(value_size, sizeof(struct xdp_slot));
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, XDP_SETS);
	__type(key, uint32_t);
	__array(values, struct slot_array);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, XDP_QUEUES_MAX);
	__type(key, uint32_t);
	__type(value, uint32_t);
} sockets SEC(".maps");

// A hash of one: an array of devices (BPF_MAP_TYPE_DEVMAP) belongs to programs of the kind that
// first used it, alone or in libxdp's dispatcher, and the kernel refuses the others (EINVAL).
struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP_HASH);
	__uint(max_entries, 1);
	__type(key, uint32_t);
	__type(value, uint32_t);
} peers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, XDP_COPY_RING_BYTES);
} copies SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, XDP_DROP_RING_BYTES);
} drops SEC(".maps");
