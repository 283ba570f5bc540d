// dataplane/kernel_flow.h — telling the XDP programs of a path about a flow.
//
// The kernel sees to it from then on. It is told again whenever a packet of the flow comes all the
// same: its place in the program's array may be another's by now.
//
// The kernel's way is shorter than that through user space. So that no packet overtakes an earlier
// one of its flow, the program goes on handing over packets of a flow that is done, with numbers,
// until it is told that the latest has left: behind its batch, when the port it leaves by says so.
#pragma once

#include "dataplane/flow.h"
#include "dataplane/pipeline.h"
#include "ebpf/ebpf.h"

// What has not left yet. When there is no room the packet's flow goes on through user space.
enum { KERNEL_FLOW_DEPARTURES_MAX = 4 * PORT_BURST_MAX };
struct kernel_flow_departure {
	struct xdp *xdp;
	struct port *port; // it leaves by
	struct xdp_flow_key key;
	uint32_t number;
	uint64_t after; // struct port_ops, departures(); of this batch: not known yet
};
struct kernel_flow_departures {
	unsigned count;
	unsigned released_count; // those behind are of this batch
	struct kernel_flow_departure list[KERNEL_FLOW_DEPARTURES_MAX];
};

// HOT. Nothing of the flow is wanted any more; of a bump in the wire, of what goes the way that
// `frame` goes, which is of it: the other program hears of it by a packet of its own.
void kernel_flow_done(struct kernel_flow_departures *departures, const struct pipeline_path *path,
                      const struct flow *flow, const struct frame *frame);

// HOT. The batch was released; tells of what has left.
void kernel_flow_departed(struct kernel_flow_departures *departures,
                          const struct pipeline_path *path);

// HOT. The flow is condemned on account of `indicator_id`; NO_INDICATOR: of whatever it was before.
void kernel_flow_condemn(const struct pipeline_path *path, const struct flow *flow,
                         uint32_t indicator_id);
