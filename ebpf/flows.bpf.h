// ebpf/flows.bpf.h — what user space said of the packet's flow, and what it still has to see of it.
//
// A line holds XDP_FLOW_WAYS flows. User space writes the same memory without a system call, so a
// flow's state and tag are one word, exchanged by one store; a lost race costs a second look.
#pragma once

#include "ebpf/tell.bpf.h"

static __always_inline bool is_syn(const struct parsed *packet)
{
	return packet->protocol == IP_TCP && (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN;
}

static __always_inline struct xdp_flow_line *flow_line(const struct passage *passage)
{
	uint32_t index = (uint32_t)(passage->flow_hash >> 32) & passage->config->flow_mask;

	return bpf_map_lookup_elem(&flows, &index);
}

static __always_inline struct xdp_flow *flow_find(struct xdp_flow_line *line, uint64_t hash)
{
	for (int i = 0; i < XDP_FLOW_WAYS; i++)
		if (((line->ways[i].tag ^ hash) & ~(uint64_t)XDP_STATE_MASK) == 0)
			return &line->ways[i];
	return NULL;
}

static __always_inline uint32_t flow_state(const struct xdp_flow *flow)
{
	return flow->tag & XDP_STATE_MASK;
}

// Says no more than user space said, for as long as that is good.
static __always_inline bool is_over(const struct xdp_flow *flow, uint32_t now)
{
	return is_older(now, flow->tick,
	                flow_state(flow) == XDP_STATE_CONDEMNED ? XDP_CONDEMNED_S : XDP_DONE_S);
}

// Takes a place in the line for a flow that is watched from now on: a free one, else the one that
// was idle longest, but none that is condemned and in force. NULL: there is none.
static __always_inline struct xdp_flow *flow_claim(struct xdp_flow_line *line, uint64_t hash,
                                                   uint32_t now)
{
	struct xdp_flow *chosen = NULL;

	for (int i = 0; i < XDP_FLOW_WAYS; i++) {
		struct xdp_flow *flow = &line->ways[i];

		if (flow_state(flow) == XDP_STATE_CONDEMNED && !is_over(flow, now))
			continue;
		if (!chosen || flow->tag == 0 || (int32_t)(flow->tick - chosen->tick) < 0)
			chosen = flow;
	}
	if (!chosen)
		return NULL;
	chosen->tick = now;
	chosen->copied_bytes[0] = 0;
	chosen->copied_bytes[1] = 0;
	chosen->tag = (hash & ~(uint64_t)XDP_STATE_MASK) | XDP_STATE_WATCHED;
	return chosen;
}

// The state that is in force; `*ret_flow` is the flow's place, or NULL. A SYN begins a new flow.
static __always_inline uint32_t flow_ask(const struct passage *passage, struct xdp_flow_line *line,
                                         struct xdp_flow **ret_flow)
{
	uint32_t now = tick_of(passage->now_ns);
	struct xdp_flow *flow = line ? flow_find(line, passage->flow_hash) : NULL;

	*ret_flow = flow;
	if (!flow)
		return XDP_STATE_UNKNOWN;
	if (is_over(flow, now) || is_syn(&passage->packet)) {
		flow->tag = 0;
		*ret_flow = NULL;
		return XDP_STATE_UNKNOWN;
	}
	if (flow->tick != now)
		flow->tick = now;
	return flow_state(flow);
}

// Has all of a flow that is done left that was handed over? Else the packet goes the same way, and
// gets a number. One CPU has the flow's packets; if two have, a number is there twice, and those
// of the flow go through user space a little longer.
static __always_inline bool flow_has_left(struct passage *passage, struct xdp_flow *flow)
{
	uint32_t handed = *(volatile uint32_t *)&flow->handed;

	if (handed == *(volatile uint32_t *)&flow->left)
		return true;
	*(volatile uint32_t *)&flow->handed = ++handed;
	passage->number = handed;
	return false;
}

static __always_inline uint64_t fragment_tag(const struct passage *passage)
{
	return xdp_mix(passage->source_hash + 3 * passage->destination_hash +
	               passage->packet.fragment_id) |
	       1;
}

static __always_inline struct xdp_fragment *fragment_place(uint64_t tag)
{
	uint32_t index = (uint32_t)(tag >> 32) & (XDP_FRAGMENT_SLOTS - 1);

	return bpf_map_lookup_elem(&fragments, &index);
}

// Later fragments follow the first one, which was dropped.
static __always_inline void fragment_remember(struct passage *passage, const struct reproach *why)
{
	uint64_t tag = fragment_tag(passage);
	struct xdp_fragment *place = fragment_place(tag);

	if (!place)
		return;
	place->tick = tick_of(now_ns(passage));
	place->indicator_id = why->indicator_id;
	place->generation = why->generation;
	place->tag = tag;
}

static __always_inline bool fragment_follows(const struct passage *passage, struct reproach *why)
{
	uint64_t tag = fragment_tag(passage);
	const struct xdp_fragment *place = fragment_place(tag);

	if (!place || place->tag != tag ||
	    is_older(tick_of(passage->now_ns), place->tick, XDP_FRAGMENT_S))
		return false;
	why->indicator_id = place->indicator_id;
	why->generation = place->generation;
	return true;
}

static __noinline void count_condemned(const struct passage *passage, const struct reproach *why)
{
	struct xdp_condemned_key key = {why->generation, why->indicator_id};
	struct xdp_count *sum = bpf_map_lookup_elem(&condemned, &key);
	struct xdp_count first = {1, passage->wire_bytes};

	if (sum)
		count_atomic(sum, passage->wire_bytes);
	else if (key.indicator_id)
		bpf_map_update_elem(&condemned, &key, &first, BPF_NOEXIST);
}

// True when the packet belongs to a flow that is condemned: *why says on whose account. Else
// *ret_state and *ret_flow are what is known of it.
static __always_inline bool flow_judge(const struct passage *passage, struct xdp_flow_line *line,
                                       struct reproach *why, struct xdp_flow **ret_flow,
                                       uint32_t *ret_state)
{
	if (passage->packet.fragment == FRAGMENT_LATER) {
		*ret_flow = NULL;
		*ret_state = XDP_STATE_UNKNOWN;
		return fragment_follows(passage, why);
	}
	*ret_state = flow_ask(passage, line, ret_flow);
	if (*ret_state != XDP_STATE_CONDEMNED || !*ret_flow)
		return false;
	why->indicator_id = (*ret_flow)->indicator_id;
	why->generation = (*ret_flow)->generation;
	return true;
}
