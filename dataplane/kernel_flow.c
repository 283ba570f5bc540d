#include "dataplane/kernel_flow.h"

static struct xdp_flow_key key_of(const struct flow *flow)
{
	return (struct xdp_flow_key){
		.low = flow->key.low,
		.high = flow->key.high,
		.low_port = flow->key.low_port,
		.high_port = flow->key.high_port,
		.protocol = flow->key.protocol,
	};
}

static void tell(struct xdp *xdp, const struct flow *flow, enum xdp_flow_state state,
                 uint32_t indicator_id)
{
	const struct xdp_flow_key key = key_of(flow);

	if (xdp != NULL)
		xdp_flow_set(xdp, &key, state, indicator_id);
}

static void expect(struct kernel_flow_departures *departures, const struct pipeline_path *path,
                   const struct xdp_flow_key *key, uint32_t number)
{
	if (departures->count == KERNEL_FLOW_DEPARTURES_MAX)
		return;
	departures->list[departures->count++] = (struct kernel_flow_departure){
		.xdp = path->xdp,
		.port = path->peer,
		.key = *key,
		.number = number,
	};
}

void kernel_flow_done(struct kernel_flow_departures *departures, const struct pipeline_path *path,
                      const struct flow *flow, const struct frame *frame)
{
	const struct xdp_flow_key key = key_of(flow);
	uint32_t number;

	if (path->peer == NULL) { // what is copied is not on its way
		tell(path->xdp, flow, XDP_FLOW_DONE, NO_INDICATOR);
		return;
	}
	number = xdp_flow_done(path->xdp, &key, frame->before);
	if (number != 0)
		expect(departures, path, &key, number);
}

void kernel_flow_departed(struct kernel_flow_departures *departures,
                          const struct pipeline_path *path)
{
	struct kernel_flow_departure *list = departures->list;
	unsigned kept = 0;
	uint64_t departed;

	if (departures->count == 0)
		return;
	for (unsigned i = departures->released_count; i < departures->count; i++)
		list[i].after = path->peer->ops->departures(path->peer, &departed);
	for (unsigned i = 0; i < departures->count; i++) {
		(void)list[i].port->ops->departures(list[i].port, &departed);
		if (departed >= list[i].after)
			xdp_flow_left(list[i].xdp, &list[i].key, list[i].number);
		else
			list[kept++] = list[i];
	}
	departures->count = departures->released_count = kept;
}

void kernel_flow_condemn(const struct pipeline_path *path, const struct flow *flow,
                         uint32_t indicator_id)
{
	// Each device has maps of its own: where the answer comes in, it is to be known, too.
	for (unsigned i = 0; i < path->xdp_count; i++)
		tell(path->xdps[i], flow, XDP_FLOW_CONDEMNED, indicator_id);
}
