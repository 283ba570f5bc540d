// The XDP program: judges addresses against the set in force, drops what belongs to condemned
// flows, and passes, copies, or hands over what is left.
//
// In order: address verdict, always; a stale heartbeat; the flow's state; then what its purpose
// (enum xdp_purpose) says. What is dropped here never reaches user space; it is counted, and the
// first of a flow told.
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

static __always_inline bool is_stale(const struct passage *passage)
{
	uint64_t beat_ns = *(volatile uint64_t *)&passage->config->beat_ns;

	return has_flag(passage, XDP_CONFIG_HEARTBEAT) &&
	       (int64_t)(passage->now_ns - beat_ns) > (int64_t)passage->config->stale_ticks
	                                                      << XDP_TICK_SHIFT;
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

static __always_inline int hand_over(const struct passage *passage)
{
	int action = (int)bpf_redirect_map(&sockets, passage->context->rx_queue_index, 0);

	if (action != XDP_REDIRECT) // nobody has this queue
		return leave_unseen(passage);
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

static __always_inline void hash_flow(struct passage *passage)
{
	const struct parsed *packet = &passage->packet;

	passage->flow_hash =
		xdp_flow_hash(xdp_flow_end(passage->source_hash, packet->source_port),
	                      xdp_flow_end(passage->destination_hash, packet->destination_port),
	                      packet->protocol);
}

static __always_inline int judge_flow(struct passage *passage, struct reproach *why)
{
	struct xdp_flow_line *line = flow_line(passage);
	struct xdp_flow *flow;
	uint32_t state;

	if (flow_judge(passage, line, why, &flow, &state))
		return drop(passage, why);
	if (is_stale(passage))
		return leave_unseen(passage);
	if (passage->config->purpose == XDP_HAND_OVER)
		return let_through(passage, state == XDP_STATE_DONE);
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

	passage.config = bpf_map_lookup_elem(&config, &zero);
	if (!passage.config)
		return XDP_PASS;
	passage.wire_bytes = (uint32_t)bpf_xdp_get_buff_len(context);
	passage.now_ns = bpf_ktime_get_coarse_ns();
	passage.is_dry_run = has_flag(&passage, XDP_CONFIG_DRY_RUN);
	parse_frame(context, &passage.packet);
	if (passage.packet.is_malformed)
		count(XDP_MALFORMED, passage.wire_bytes);
	if (!passage.packet.is_ip) {
		if (!passage.packet.is_malformed)
			count(XDP_NOT_IP, passage.wire_bytes);
		return is_stale(&passage) ? leave_unseen(&passage) : let_through(&passage, false);
	}
	passage.live = *(volatile uint64_t *)&passage.config->live;
	passage.source_hash = xdp_address_hash(passage.config->seeds, passage.packet.source);
	passage.destination_hash = xdp_address_hash(passage.config->seeds,
	                                            passage.packet.destination);
	hash_flow(&passage);
	if (judge_addresses(&passage, &why))
		return drop(&passage, &why);
	return judge_flow(&passage, &why);
}

char program_license[] SEC("license") = "Apache-2.0";
