#include "dataplane/watch.h"

#include <assert.h>
#include <string.h>

#include "base/timestamp.h"

static const int64_t time_max_ns[WATCH_LISTS] = {
	[WATCH_PASSING] = 60 * NS_PER_S,
	[WATCH_DROPPED] = 5 * NS_PER_S,
};

struct watch {
	struct origin origin;
	uint32_t first_match;
	uint32_t last_match;
	uint32_t older; // in order of their making
	uint32_t newer;
	uint32_t flow_id;
	uint32_t list; // enum watch_list_id
};

// One of a watch's hits.
struct watch_match {
	uint32_t next;
	uint32_t indicator_id;
	uint8_t kind;
	uint8_t action;
	uint8_t outcome;
	bool is_dst;
	bool is_tunnel;
	bool is_vetoed;
};

enum {
	WATCH_BYTES = (sizeof(struct watch) + 7) & ~7u,
	MATCH_BYTES = (sizeof(struct watch_match) + 7) & ~7u,
};

int watch_table_open(struct watch_table *table, size_t budget_bytes)
{
	struct watch_table opened = {0};
	int error = pool_open(&opened.watches, WATCH_BYTES, budget_bytes / 2);

	if (error < 0)
		return error;
	error = pool_open(&opened.matches, MATCH_BYTES, budget_bytes / 2);
	if (error < 0) {
		pool_close(&opened.watches);
		return error;
	}
	*table = opened;
	return 0;
}

void watch_table_close(struct watch_table *table)
{
	pool_close(&table->watches);
	pool_close(&table->matches);
}

static uint16_t side_port(uint8_t protocol, uint16_t port)
{
	return protocol == IP_TCP || protocol == IP_UDP || protocol == IP_SCTP ? port : 0;
}

static enum observable_where where_of(bool is_dst, bool is_tunnel)
{
	if (is_tunnel)
		return is_dst ? WHERE_TUNNEL_DST : WHERE_TUNNEL_SRC;
	return is_dst ? WHERE_IP_DST : WHERE_IP_SRC;
}

struct observable watch_observable(const struct packet *packet, bool is_dst)
{
	return (struct observable){
		.type = OBSERVABLE_ADDRESS,
		.where = where_of(is_dst, packet->is_tunnel),
		.address = is_dst ? packet->dst : packet->src,
		.port = side_port(packet->protocol, is_dst ? packet->dst_port : packet->src_port),
		.protocol = packet->protocol,
	};
}

static void write_hit(struct watch_table *table, const struct origin *origin,
                      const struct watch_match *match)
{
	struct hit hit;

	memset(&hit, 0, sizeof(hit));
	hit.origin = *origin;
	hit.observable.type = OBSERVABLE_ADDRESS;
	hit.observable.where = where_of(match->is_dst, match->is_tunnel);
	hit.observable.address = match->is_dst ? origin->dst : origin->src;
	hit.observable.port = side_port(origin->protocol,
	                                match->is_dst ? origin->dst_port : origin->src_port);
	hit.observable.protocol = origin->protocol;
	hit.indicator_id = match->indicator_id;
	hit.kind = (enum match_kind)match->kind;
	hit.action = (enum action)match->action;
	hit.is_vetoed = match->is_vetoed;
	hit.outcome = (enum hit_outcome)match->outcome;
	emit_hit(table->emitter, &hit);
}

static struct watch *watch_at(const struct watch_table *table, uint32_t id)
{
	return pool_block(&table->watches, id);
}

static void list_add(struct watch_table *table, uint32_t id)
{
	struct watch *watch = watch_at(table, id);
	struct watch_list *list = &table->lists[watch->list];

	watch->older = list->newest;
	watch->newer = 0;
	if (list->newest != 0)
		watch_at(table, list->newest)->newer = id;
	else
		list->oldest = id;
	list->newest = id;
}

static void list_remove(struct watch_table *table, const struct watch *watch)
{
	struct watch_list *list = &table->lists[watch->list];

	if (watch->older != 0)
		watch_at(table, watch->older)->newer = watch->newer;
	else
		list->oldest = watch->newer;
	if (watch->newer != 0)
		watch_at(table, watch->newer)->older = watch->older;
	else
		list->newest = watch->older;
}

static uint32_t watch_of(struct watch_table *table, struct flow *flow, const struct packet *packet,
                         enum hit_outcome outcome)
{
	struct watch *watch;

	if (flow->watch_id != 0)
		return flow->watch_id;
	flow->watch_id = pool_take(&table->watches);
	if (flow->watch_id == 0)
		return 0;
	watch = watch_at(table, flow->watch_id);
	emit_origin(packet, table->capture_id, &watch->origin);
	watch->first_match = 0;
	watch->last_match = 0;
	watch->flow_id = packet->flow_id;
	watch->list = outcome == OUTCOME_DROPPED ? WATCH_DROPPED : WATCH_PASSING;
	list_add(table, flow->watch_id);
	return flow->watch_id;
}

static void link_match(struct watch_table *table, struct watch *watch, uint32_t id)
{
	if (watch->last_match != 0)
		((struct watch_match *)pool_block(&table->matches, watch->last_match))->next = id;
	else
		watch->first_match = id;
	watch->last_match = id;
}

// The watch's match of the same indicator and side, or NULL.
static struct watch_match *find_match(struct watch_table *table, const struct watch *watch,
                                      const struct watch_match *wanted)
{
	for (uint32_t id = watch->first_match; id != 0;) {
		struct watch_match *match = pool_block(&table->matches, id);

		if (match->indicator_id == wanted->indicator_id && match->is_dst == wanted->is_dst)
			return match;
		id = match->next;
	}
	return NULL;
}

// Was a watch there before, and has it the match already?
static bool is_known(struct watch_table *table, const struct flow *flow,
                     const struct packet *packet, struct watch_match *match)
{
	const struct watch *watch;
	struct watch_match *known;

	if (flow->watch_id == 0 || packet->is_flow_first)
		return false;
	watch = watch_at(table, flow->watch_id);
	// The sides are those of the watch's first packet.
	if (memcmp(&watch->origin.src, &packet->src, sizeof(packet->src)) != 0)
		match->is_dst = !match->is_dst;
	known = find_match(table, watch, match);
	if (known != NULL && match->outcome != OUTCOME_NONE)
		known->outcome = match->outcome;
	return known != NULL;
}

void watch_add(struct watch_table *table, struct flow *flow, const struct packet *packet,
               const struct watch_match_of *found)
{
	struct watch_match match = {
		.indicator_id = found->match->indicator_id,
		.kind = (uint8_t)found->match->kind,
		.action = (uint8_t)found->match->action,
		.outcome = (uint8_t)found->outcome,
		.is_vetoed = found->match->is_vetoed,
		.is_dst = found->is_dst,
		.is_tunnel = packet->is_tunnel,
	};
	uint32_t watch_id, match_id;

	if (is_known(table, flow, packet, &match))
		return;
	watch_id = watch_of(table, flow, packet, found->outcome);
	match_id = watch_id != 0 ? pool_take(&table->matches) : 0;
	if (match_id == 0) {
		struct origin origin;

		emit_origin(packet, table->capture_id, &origin);
		match.is_dst = found->is_dst;
		origin.packet_count = 1;
		origin.byte_count = packet->ip_bytes;
		write_hit(table, &origin, &match);
		return;
	}
	*(struct watch_match *)pool_block(&table->matches, match_id) = match;
	link_match(table, pool_block(&table->watches, watch_id), match_id);
}

void watch_end(struct watch_table *table, struct flow *flow)
{
	struct watch *watch;
	uint32_t id;

	if (flow->watch_id == 0)
		return;
	watch = watch_at(table, flow->watch_id);
	id = watch->first_match;
	while (id != 0) {
		const struct watch_match *match = pool_block(&table->matches, id);
		uint32_t next = match->next;

		write_hit(table, &watch->origin, match);
		pool_give(&table->matches, id);
		id = next;
	}
	list_remove(table, watch);
	pool_give(&table->watches, flow->watch_id);
	flow->watch_id = 0;
}

static bool is_over(const struct watch *watch, int64_t time_ns)
{
	return time_ns - watch->origin.time_ns > time_max_ns[watch->list];
}

void watch_expire(struct watch_table *table, struct flow_table *flows, int64_t time_ns)
{
	for (unsigned i = 0; i < WATCH_LISTS; i++) {
		const struct watch_list *list = &table->lists[i];

		while (list->oldest != 0 && is_over(watch_at(table, list->oldest), time_ns))
			watch_end(table, flow_at(flows, watch_at(table, list->oldest)->flow_id));
	}
}

void watch_end_all(struct watch_table *table, struct flow_table *flows)
{
	for (unsigned i = 0; i < WATCH_LISTS; i++) {
		const struct watch_list *list = &table->lists[i];

		while (list->oldest != 0)
			watch_end(table, flow_at(flows, watch_at(table, list->oldest)->flow_id));
	}
}

void watch_packet(struct watch_table *table, struct flow *flow, const struct packet *packet)
{
	struct watch *watch = watch_at(table, flow->watch_id);

	assert(flow->watch_id != 0);
	// What was put together came in fragments, which were counted.
	if (packet->fragment == FRAGMENT_WHOLE && !packet->is_flow_first)
		return;
	if (is_over(watch, packet->time_ns)) {
		watch_end(table, flow);
		return;
	}
	watch->origin.packet_count++;
	watch->origin.byte_count += packet->ip_bytes;
	watch->origin.last_time_ns = packet->time_ns;
}
