// The XDP program: judges addresses against the set in force, drops what belongs to condemned
// flows, and passes, copies, or hands over what is left.
//
// In order: address verdict, unless nobody is there and it fails open; the flow's state; then what
// its purpose (enum xdp_purpose) says. What is dropped here never reaches user space; it is
// counted, and the first of a flow told.
#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/bpf_helpers.h>

#include "ebpf/copy.bpf.h"
#include "ebpf/judge.bpf.h"

// The last word on a packet.
static __always_inline int leave(const struct passage *passage, enum xdp_reason reason, int action)
{
	count(reason, passage->wire_bytes);
	return action;
}

static __always_inline int forward(const struct passage *passage)
{
	// The lower bits of the flags are what it returns without a peer.
	return leave(passage, XDP_FORWARDED, (int)bpf_redirect_map(&peers, 0, XDP_PASS));
}

static __always_inline bool has_flag(const struct passage *passage, enum xdp_config_flag flag)
{
	return passage->config->flags & flag;
}

static __always_inline bool is_stale(struct passage *passage)
{
	uint64_t beat_ns = *(volatile uint64_t *)&passage->config->beat_ns;

	return has_flag(passage, XDP_CONFIG_HEARTBEAT) &&
	       (int64_t)(now_ns(passage) - beat_ns) > (int64_t)passage->config->stale_ticks
	                                                      << XDP_TICK_SHIFT;
}

// Of the whole frame. A call only where more than its first buffer may be there.
static __always_inline uint32_t frame_bytes(const struct passage *passage)
{
	const struct xdp_md *context = passage->context;
	const struct parsed *packet = &passage->packet;
	uint32_t first_bytes = (uint32_t)(context->data_end - context->data);

	if (packet->is_ip && packet->payload_at + packet->payload_bytes <= first_bytes)
		return first_bytes;
	return (uint32_t)bpf_xdp_get_buff_len(passage->context);
}

// Nobody is there who could look at it. A dry run drops nothing.
static __always_inline int leave_unseen(const struct passage *passage)
{
	if (has_flag(passage, XDP_CONFIG_FAIL_CLOSED)) {
		if (!passage->is_dry_run)
			return leave(passage, XDP_DROP_STALE, XDP_DROP);
		count(XDP_WOULD_DROP, passage->wire_bytes);
	}
	if (passage->config->purpose == XDP_HAND_OVER && has_flag(passage, XDP_CONFIG_PEER))
		return forward(passage);
	return leave(passage, XDP_PASSED, XDP_PASS);
}

// Where the driver has no room before the packet it gets no number: its flow goes on this way.
static __always_inline void write_number(const struct passage *passage)
{
	struct xdp_md *context = passage->context;
	struct xdp_number *number;

	if (bpf_xdp_adjust_meta(context, -(int)sizeof(*number)) != 0)
		return;
	number = (struct xdp_number *)(long)context->data_meta;
	if ((void *)(number + 1) > (void *)(long)context->data)
		return;
	number->flow_hash = passage->flow_hash;
	number->number = passage->number;
	number->zero = 0;
}

static __always_inline int hand_over(const struct passage *passage)
{
	int action = (int)bpf_redirect_map(&sockets, passage->context->rx_queue_index, 0);

	if (action != XDP_REDIRECT) // nobody has this queue
		return leave_unseen(passage);
	if (passage->number)
		write_number(passage);
	return leave(passage, XDP_HANDED_OVER, action);
}

// What its verdict does not drop. `is_seen`: user space need not look at it.
static __always_inline int let_through(const struct passage *passage, bool is_seen)
{
	if (passage->config->purpose != XDP_HAND_OVER)
		return leave(passage, XDP_PASSED, XDP_PASS);
	if (is_seen && has_flag(passage, XDP_CONFIG_PEER))
		return forward(passage);
	return hand_over(passage);
}

// Drops it, and tells; in a dry run, says so and lets it through unseen, as user space would not
// have seen it.
static __noinline int drop(struct passage *passage, struct reproach *why)
{
	// Nobody lifts what expires, or is withdrawn: failing open, it does not stay in force.
	if (is_stale(passage) && !has_flag(passage, XDP_CONFIG_FAIL_CLOSED))
		return leave_unseen(passage);
	if (why->slot)
		hash_flow(passage);
	tell_drop(passage, why);
	if (!why->slot)
		count_condemned(passage, why);
	if (passage->is_dry_run) {
		count(XDP_WOULD_DROP, passage->wire_bytes);
		return let_through(passage, true);
	}
	if (passage->packet.fragment == FRAGMENT_FIRST)
		fragment_remember(passage, why);
	return leave(passage, why->slot ? XDP_DROP_ADDRESS : XDP_DROP_CONDEMNED, XDP_DROP);
}

static __always_inline void hash_blocks(struct passage *passage)
{
	const struct parsed *packet = &passage->packet;
	const uint64_t *seeds = passage->config->seeds;

	passage->source_block = xdp_block_hash(seeds, packet->source);
	passage->destination_block = xdp_block_hash(seeds, packet->destination);
}

static __always_inline int judge_flow(struct passage *passage, struct reproach *why)
{
	struct xdp_flow_line *line;
	struct xdp_flow *flow;
	uint32_t state;

	now_ns(passage);
	hash_flow(passage);
	line = flow_line(passage);
	if (flow_judge(passage, line, why, &flow, &state))
		return drop(passage, why);
	if (is_stale(passage))
		return leave_unseen(passage);
	if (passage->config->purpose == XDP_HAND_OVER)
		return let_through(passage,
		                   state == XDP_STATE_DONE && flow && flow_has_left(passage, flow));
	if (!wants_copy(passage, line, flow, state))
		return leave(passage, XDP_PASSED, XDP_PASS);
	if (copy_packet(passage))
		return leave(passage, XDP_COPIED, XDP_PASS);
	count(XDP_COPY_LOST, passage->wire_bytes);
	return leave(passage, XDP_PASSED, XDP_PASS);
}

SEC("xdp.frags")
int xdp_filter(struct xdp_md *context)
{
	uint32_t zero = 0;
	struct passage passage = {.context = context};
	struct reproach why = {0};
	uint32_t found;

	passage.config = bpf_map_lookup_elem(&config, &zero);
	if (!passage.config)
		return XDP_PASS;
	passage.is_dry_run = has_flag(&passage, XDP_CONFIG_DRY_RUN);
	parse_frame(context, &passage.packet);
	passage.wire_bytes = frame_bytes(&passage);
	if (passage.packet.is_malformed)
		count(XDP_MALFORMED, passage.wire_bytes);
	if (!passage.packet.is_ip) {
		if (!passage.packet.is_malformed)
			count(XDP_NOT_IP, passage.wire_bytes);
		if (is_stale(&passage))
			return leave_unseen(&passage);
		return let_through(&passage, false);
	}
	passage.live = *(volatile uint64_t *)&passage.config->live;
	hash_blocks(&passage);
	found = find_candidates(&passage);
	if (found && judge_candidates(&passage, &why, found))
		return drop(&passage, &why);
	// Loaded by hand, nobody says anything of flows, nor sees a copy.
	if (!has_flag(&passage, XDP_CONFIG_HEARTBEAT) && passage.config->purpose == XDP_FILTER)
		return leave(&passage, XDP_PASSED, XDP_PASS);
	return judge_flow(&passage, &why);
}

char program_license[] SEC("license") = "Apache-2.0";
