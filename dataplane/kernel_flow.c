#include "dataplane/kernel_flow.h"

#include "ebpf/ebpf.h"

static void tell(const struct pipeline_path *path, const struct flow *flow,
                 enum xdp_flow_state state, uint32_t indicator_id)
{
	const struct xdp_flow_key key = {
		.low = flow->key.low,
		.high = flow->key.high,
		.low_port = flow->key.low_port,
		.high_port = flow->key.high_port,
		.protocol = flow->key.protocol,
	};

	if (path->xdp != NULL)
		xdp_flow_set(path->xdp, &key, state, indicator_id);
	if (path->peer_xdp != NULL)
		xdp_flow_set(path->peer_xdp, &key, state, indicator_id);
}

void kernel_flow_done(const struct pipeline_path *path, const struct flow *flow)
{
	tell(path, flow, XDP_FLOW_DONE, NO_INDICATOR);
}

void kernel_flow_condemn(const struct pipeline_path *path, const struct flow *flow,
                         uint32_t indicator_id)
{
	tell(path, flow, XDP_FLOW_CONDEMNED, indicator_id);
}
