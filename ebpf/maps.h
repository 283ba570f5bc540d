// ebpf/maps.h — what the XDP program and user space share: every map's name, key and value.
//
// The program reads struct xdp_config once a packet. Its word `live` names the set that is in
// force: an index into the outer maps (arrays of maps), and the database's generation, in one
// 64-bit store. A set is a filter, hosts, networks, vetoes and slots; user space fills the one that
// is not in force, then exchanges them. After an exchange, an update of an outer map by system call
// (which waits for running programs) must come before the old set is written.
//
// Addresses are 16 bytes in network order, IPv4 as ::ffff:a.b.c.d. Ports are in host order.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum {
	XDP_LAYOUT = 3, // of everything here; maps that say another are not taken over
	XDP_SETS = 2,
	XDP_FLOW_WAYS = 2, // flows a line holds
	XDP_FLOW_SLOTS = 1 << 20,
	XDP_COPY_BYTES_MAX = 16384, // of a packet that is copied: MTU 9000, in a power of two
	XDP_COPY_RING_BYTES = 16 << 20,
	XDP_DROP_RING_BYTES = 1 << 20,
	XDP_FRAGMENT_SLOTS = 1 << 12,
	XDP_TOLD_SLOTS = 1 << 16,
	XDP_CONDEMNED_COUNTS = 1 << 14,
	XDP_COPY_FLOW_BYTES =
		64 << 10, // of payload, each way, of a flow nobody says anything about
	XDP_QUEUES_MAX = 64,
	XDP_CONDEMNED_S = 120, // from the last packet on
	XDP_DONE_S = 300,      // likewise
	XDP_FRAGMENT_S = 30,
	XDP_TOLD_S = 60,
	XDP_TELLS_MAX = 64,         // in 64 ticks, about a thousand a second and CPU
	XDP_TICK_SHIFT = 20,        // a tick is 2^20 ns, about a millisecond, of CLOCK_MONOTONIC
	XDP_SHORT4_WORDS = 1 << 10, // of the filter: one bit for each IPv4 /16
};

// The maps, as they are named in the object and, but for the first letters, pinned.
enum xdp_map {
	XDP_MAP_CONFIG,    // array of 1, mapped: struct xdp_config
	XDP_MAP_FLOWS,     // array, mapped: struct xdp_flow_line
	XDP_MAP_FRAGMENTS, // array: struct xdp_fragment
	XDP_MAP_TOLD,      // array: uint64_t, flows whose first drop was told
	XDP_MAP_TELLING,   // per-CPU array of 1: struct xdp_telling
	XDP_MAP_COUNTERS,  // per-CPU array, by enum xdp_reason: struct xdp_count
	XDP_MAP_CONDEMNED, // hash, struct xdp_condemned_key: struct xdp_count
	XDP_MAP_FILTERS,   // outer, of arrays, mapped: uint64_t words; of sets larger than medium
	XDP_MAP_HOSTS,     // outer, of hashes, struct xdp_host_key: struct xdp_target
	XDP_MAP_NETWORKS,  // outer, of tries, struct xdp_network_key: struct xdp_target
	XDP_MAP_VETOES,    // outer, of tries, struct xdp_network_key: uint32_t, 1 or 0
	XDP_MAP_SLOTS,     // outer, of arrays, mapped: struct xdp_slot
	XDP_MAP_SOCKETS,   // XSKMAP, by receive queue
	XDP_MAP_PEERS,     // hash of 1 device
	XDP_MAP_COPIES,    // ring: struct xdp_copy
	XDP_MAP_DROPS,     // ring: struct xdp_drop
	XDP_MAP_FILTERS_SMALL,  // likewise, of XDP_FILTER_SMALL words each
	XDP_MAP_FILTERS_MEDIUM, // of XDP_FILTER_MEDIUM
	XDP_MAP_COUNT,
};

// A filter's size is one of a few, because the program reads an array of a size that is known when
// it is loaded without a call, and calls are what costs (docs/decisions/0011-xdp.md).
enum xdp_filter_class { XDP_FILTERS_ANY, XDP_FILTERS_SMALL, XDP_FILTERS_MEDIUM };
enum {
	XDP_FILTER_SMALL = (1 << 17) + (1 << 13),  // 131,072 hosts
	XDP_FILTER_MEDIUM = (1 << 20) + (1 << 16), // 1,048,576
};

// Where a set's filter has what (filter_bits.h). It is one array of words: lines, short IPv6
// networks, short IPv4 networks, the guard, in this order; all are powers of two.
struct xdp_set {
	uint32_t line_mask;   // lines - 1
	uint32_t short6_mask; // words - 1
	uint32_t short6_base;
	uint32_t short4_base;
	uint32_t guard_mask; // words - 1
	uint32_t guard_base;
	uint32_t flags; // enum xdp_set_flag
	uint32_t generation;
	uint32_t slot_count;   // slots are numbered from 1
	uint32_t filter_class; // enum xdp_filter_class; by xdp_inner_insert()
	// User space's alone:
	uint64_t hosts, networks, vetoes;
	uint64_t map_bytes;
	uint64_t filled; // how many of the database's drops are in, while it is being filled
	uint64_t is_complete;
	uint8_t build_id[32];
	uint8_t mirror[128]; // what xdp_mirror() wants to find again after a crash
};

enum xdp_set_flag {
	XDP_SET_WIDE4 = 1 << 0,  // a network wider than the filter takes: IPv4 always asks the trie
	XDP_SET_WIDE6 = 1 << 1,  // likewise IPv6
	XDP_SET_SHORT4 = 1 << 2, // of up to 16 bits
	XDP_SET_SHORT6 = 1 << 3, // of less than 48 bits
	// What the guard does not know:
	XDP_SET_SHORT = XDP_SET_WIDE4 | XDP_SET_WIDE6 | XDP_SET_SHORT4 | XDP_SET_SHORT6,
};

enum xdp_config_flag {
	XDP_CONFIG_FAIL_CLOSED = 1 << 0,
	XDP_CONFIG_HEARTBEAT = 1 << 1,
	XDP_CONFIG_DRY_RUN = 1 << 2,
	XDP_CONFIG_PEER = 1 << 3,
};

// Cache lines by writer: what is set at open, the beat, the sets.
struct xdp_config {
	uint64_t live;     // xdp_live(); 0: no set is in force
	uint64_t seeds[2]; // random, from the maps' creation on
	uint32_t purpose;  // enum xdp_purpose
	uint32_t flags;    // enum xdp_config_flag
	uint32_t stale_ticks;
	uint32_t flow_mask; // lines - 1
	uint32_t tells_max; // first drops told, a CPU and 64 ticks
	uint32_t layout;
	uint64_t reserved;
	uint64_t beat_ns __attribute__((aligned(64))); // CLOCK_MONOTONIC_COARSE
	struct xdp_set sets[XDP_SETS] __attribute__((aligned(64)));
};

static inline uint64_t xdp_live(uint32_t set, uint32_t generation)
{
	return (uint64_t)generation << 32 | 1u << 31 | set;
}

struct xdp_count {
	uint64_t packets;
	uint64_t bytes; // on the wire
};

// What an address or network is listed for. Of a host there is one with port and protocol 0, whose
// slot is 0 when it is only listed with ports; those have keys of their own. A network of slot 0
// drops nothing, and a veto of 0 keeps nothing: the IPv4 addresses, ::ffff:0:0/96, below an IPv6
// network, which is not meant to hold them.
struct xdp_host_key {
	uint8_t address[16];
	uint16_t port;    // 0: any
	uint8_t protocol; // 0: any
	uint8_t zero;
};
struct xdp_network_key {
	uint32_t length; // bits, 0-128
	uint8_t address[16];
};
struct xdp_target {
	uint32_t slot;
	uint16_t port;     // networks only
	uint8_t protocol;  // networks only
	uint8_t has_ports; // hosts: there are others, with a port or a protocol
};

// Counted by the program with atomic adds. A slot is not used again within a set.
struct xdp_slot {
	struct xdp_count count;
	struct xdp_count untold; // of it, of flows that the rate limit left out; user space takes
	                         // it by exchanging it for zero
	uint32_t indicator_id;
	uint32_t generation; // that first had it: a drop is told with this or the live one, the
	                     // later of both
};

struct xdp_condemned_key {
	uint32_t generation;
	uint32_t indicator_id;
};

// States of a flow, kept in the low bits of its tag, so that one 64-bit store changes both. The
// first three are ebpf.h's.
enum {
	XDP_STATE_UNKNOWN,
	XDP_STATE_CONDEMNED,
	XDP_STATE_DONE,
	XDP_STATE_WATCHED, // the program's own: what was copied is being counted
	XDP_STATE_MASK = 15,
};

struct xdp_flow {
	uint64_t tag;          // xdp_flow_tag() | state; 0: free
	uint32_t tick;         // of its last packet, or when it was set
	uint32_t indicator_id; // condemned: on whose account
	uint32_t generation;   // likewise
	uint32_t reserved;
	union {
		uint32_t copied_bytes[2]; // watched: by which end sent it
		// Done, XDP_HAND_OVER: how many packets were handed over since, and up to which of
		// them user space says that they have left.
		struct {
			uint32_t handed, left;
		};
	};
};
// Written before the first byte of a packet that is handed over although its flow is done. Who
// knows the hash is the program: what else may lie there is not taken for it.
struct xdp_number {
	uint64_t flow_hash;
	uint32_t number; // xdp_flow.handed
	uint32_t zero;
};
struct xdp_flow_line {
	struct xdp_flow ways[XDP_FLOW_WAYS];
};

// The first fragment was dropped: so are those that follow.
struct xdp_fragment {
	uint64_t tag;
	uint32_t tick;
	uint32_t indicator_id;
	uint32_t generation;
	uint32_t reserved;
};

struct xdp_telling {
	uint32_t tick;
	uint32_t count;
};

struct xdp_copy {
	uint64_t time_ns; // CLOCK_MONOTONIC
	uint32_t wire_bytes;
	uint32_t captured_bytes;
	uint32_t is_dropped; // it was dropped all the same
	uint32_t reserved;
	uint8_t data[];
};

// The first drop of a flow.
struct xdp_drop {
	uint64_t time_ns; // CLOCK_MONOTONIC
	uint32_t generation;
	uint32_t set;
	uint32_t slot; // of that set; 0: a condemned flow
	uint32_t indicator_id;
	uint32_t wire_bytes;
	uint16_t source_port, destination_port;
	uint8_t source[16], destination[16];
	uint8_t protocol;
	uint8_t reason;         // XDP_DROP_ADDRESS or XDP_DROP_CONDEMNED
	uint8_t is_destination; // which of the two is listed
	uint8_t is_dry_run;
	uint32_t zero;
};
