// ebpf/tell.bpf.h — what the XDP program tells: counters, and the first drop of a flow.
#pragma once

#include "ebpf/maps.bpf.h"
#include "ebpf/parse.bpf.h"

// One packet on its way through the program.
struct passage {
	struct xdp_md *context;
	struct xdp_config *config;
	struct parsed packet;
	uint64_t now_ns;                          // now_ns()
	uint64_t live;                            // as it was when the packet came
	uint64_t source_block, destination_block; // of the addresses' blocks, for the filter
	uint64_t source_hash, destination_hash;   // of the addresses
	uint64_t flow_hash;                       // hash_flow()
	uint32_t number;                          // xdp_flow.handed; 0: none
	uint32_t wire_bytes;
	bool is_dry_run;
};

// Why it is dropped.
struct reproach {
	uint32_t slot; // 0: the flow is condemned
	uint32_t indicator_id;
	uint32_t generation;
	bool is_destination;
};

// Of the addresses, too, for whoever asks more of them than whether they are listed.
static __always_inline void hash_flow(struct passage *passage)
{
	const struct parsed *packet = &passage->packet;

	passage->source_hash = xdp_address_hash(passage->source_block, packet->source);
	passage->destination_hash = xdp_address_hash(passage->destination_block,
	                                             packet->destination);
	passage->flow_hash =
		xdp_flow_hash(xdp_flow_end(passage->source_hash, packet->source_port),
	                      xdp_flow_end(passage->destination_hash, packet->destination_port),
	                      packet->protocol);
}

// One moment for the whole passage, asked for when first needed.
static __always_inline uint64_t now_ns(struct passage *passage)
{
	if (!passage->now_ns)
		passage->now_ns = bpf_ktime_get_coarse_ns();
	return passage->now_ns;
}

static __always_inline uint32_t tick_of(uint64_t time_ns)
{
	return (uint32_t)(time_ns >> XDP_TICK_SHIFT);
}

// Ticks since `tick`, which another CPU may have set a moment later.
static __always_inline bool is_older(uint32_t now, uint32_t tick, uint32_t seconds)
{
	return (int32_t)(now - tick) >
	       (int32_t)(seconds * (UINT64_C(1000000000) >> XDP_TICK_SHIFT));
}

static __always_inline void count(enum xdp_reason reason, uint32_t bytes)
{
	uint32_t index = reason;
	struct xdp_count *counter = bpf_map_lookup_elem(&counters, &index);

	if (counter) {
		counter->packets++;
		counter->bytes += bytes;
	}
}

static __always_inline void count_atomic(struct xdp_count *counter, uint32_t bytes)
{
	__sync_fetch_and_add(&counter->packets, 1);
	__sync_fetch_and_add(&counter->bytes, bytes);
}

static __always_inline uint32_t told_tag(uint64_t hash)
{
	return (uint32_t)(hash >> 32) | 1;
}

// Where a flow that was told within XDP_TOLD_S is remembered, until another takes its place: then
// it is told again.
static __always_inline uint64_t *told_place(uint64_t hash)
{
	uint32_t index = (uint32_t)hash & (XDP_TOLD_SLOTS - 1);

	return bpf_map_lookup_elem(&told, &index);
}

static __always_inline bool was_told(const uint64_t *place, uint64_t hash, uint32_t now)
{
	return (uint32_t)(*place >> 32) == told_tag(hash) &&
	       !is_older(now, (uint32_t)*place, XDP_TOLD_S);
}

// The rate limit, per CPU.
static __always_inline bool may_tell(const struct xdp_config *config, uint32_t now)
{
	uint32_t zero = 0;
	struct xdp_telling *mine = bpf_map_lookup_elem(&telling, &zero);

	if (!mine)
		return false;
	if (mine->tick != now >> 6) {
		mine->tick = now >> 6;
		mine->count = 0;
	}
	return mine->count++ < config->tells_max;
}

// For the slot's account, of which user space makes a hit without headers.
static __always_inline void count_untold(const struct passage *passage, const struct reproach *why)
{
	uint32_t set = (uint32_t)passage->live % XDP_SETS;
	uint32_t index = why->slot;
	void *array = bpf_map_lookup_elem(&slots, &set);
	struct xdp_slot *slot = array ? bpf_map_lookup_elem(array, &index) : NULL;

	if (slot)
		count_atomic(&slot->untold, passage->wire_bytes);
}

static __noinline void tell_drop(struct passage *passage, struct reproach *why)
{
	uint32_t now = tick_of(passage->now_ns);
	uint64_t *place = told_place(passage->flow_hash);
	struct parsed *packet = &passage->packet;
	struct xdp_drop *event;

	if (!place || was_told(place, passage->flow_hash, now))
		return;
	event = may_tell(passage->config, now) ? bpf_ringbuf_reserve(&drops, sizeof(*event), 0)
	                                       : NULL;
	if (!event) {
		count_untold(passage, why);
		return;
	}
	*place = (uint64_t)told_tag(passage->flow_hash) << 32 | now;
	*event = (struct xdp_drop){
		.time_ns = passage->now_ns,
		.generation = why->generation,
		.set = (uint32_t)passage->live % XDP_SETS,
		.slot = why->slot,
		.indicator_id = why->indicator_id,
		.wire_bytes = passage->wire_bytes,
		.source_port = packet->source_port,
		.destination_port = packet->destination_port,
		.protocol = packet->protocol,
		.reason = why->slot ? XDP_DROP_ADDRESS : XDP_DROP_CONDEMNED,
		.is_destination = why->is_destination,
		.is_dry_run = passage->is_dry_run,
	};
	__builtin_memcpy(event->source, &packet->source, sizeof(event->source));
	__builtin_memcpy(event->destination, &packet->destination, sizeof(event->destination));
	bpf_ringbuf_submit(event, 0);
}
