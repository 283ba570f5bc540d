#include "dataplane/verdicts.h"

#include <assert.h>
#include <string.h>

#include "dataplane/match_batch.h"

void verdicts_begin(struct verdicts *verdicts, const struct pipeline_path *path, unsigned count)
{
	verdicts->path = path;
	memset(verdicts->causes, 0, sizeof(verdicts->causes));
	memset(verdicts->is_counted, 0, count * sizeof(verdicts->is_counted[0]));
	memset(verdicts->verdicts, 0, count * sizeof(verdicts->verdicts[0]));
	static_assert(VERDICT_PASS == 0, "a verdict of zeros lets pass");
}

static struct flow *flow_of(const struct verdicts *verdicts, unsigned position)
{
	return flow_at(verdicts->flows, verdicts->packets[position].flow_id);
}

static enum hit_outcome outcome_of(const struct verdicts *verdicts)
{
	return verdicts->is_dry_run ? OUTCOME_WOULD_DROP : OUTCOME_DROPPED;
}

// Is the indicator valid at `time_ns`? *turn_at_ns is lowered to when that changes.
static bool is_valid(const struct verdicts *verdicts, uint32_t indicator_id, int64_t time_ns,
                     int64_t *turn_at_ns)
{
	struct indicator indicator;
	int64_t change_ns;

	if (!database_indicator(verdicts->database, indicator_id, &indicator) ||
	    time_ns >= indicator.valid_until_ns)
		return false;
	change_ns = time_ns < indicator.valid_from_ns ? indicator.valid_from_ns
	                                              : indicator.valid_until_ns;
	if (change_ns < *turn_at_ns)
		*turn_at_ns = change_ns;
	return time_ns >= indicator.valid_from_ns;
}

enum hit_outcome verdicts_address(struct verdicts *verdicts, const struct match *match,
                                  unsigned position, int64_t *turn_at_ns)
{
	const struct packet *packet = &verdicts->packets[position];

	if (match->action != ACTION_DROP || !verdicts_has_force(verdicts) ||
	    !is_valid(verdicts, match->indicator_id, packet->time_ns, turn_at_ns))
		return OUTCOME_NONE;
	verdicts->causes[position] = 1 + DROP_ADDRESS;
	verdicts->indicator_ids[position] = match->indicator_id;
	return outcome_of(verdicts);
}

static void drop_content(struct verdicts *verdicts, struct flow *flow)
{
	// In a dry run the flow goes on, and so does what is looked for in it.
	if (!verdicts->is_dry_run)
		content_drop(verdicts->content, flow);
}

void verdicts_judged(struct verdicts *verdicts, unsigned position)
{
	const struct packet *packet = &verdicts->packets[position];
	struct flow *flow = flow_of(verdicts, position);

	if (verdicts->causes[position] != 0) {
		flow_condemn(verdicts->flows, packet->flow_id, FLOW_LISTED);
		drop_content(verdicts, flow);
	} else if (flow->idle_class == FLOW_LISTED) {
		flow_release(verdicts->flows, packet->flow_id);
		// It may be picked up in its middle.
		flow->state &= (uint8_t) ~(FLOW_DONE_LOW | FLOW_DONE_HIGH);
	}
}

// What a match of an observable that stood there does; DROP_CAUSE_COUNT: nothing.
static enum drop_cause cause_of(const struct observable *observable)
{
	switch (observable->where) {
	case WHERE_DNS_QUERY:
		return observable->type == OBSERVABLE_NAME ? DROP_DNS : DROP_CAUSE_COUNT;
	case WHERE_DNS_ANSWER_NAME:
		return (observable->hints & OBSERVABLE_ALIAS) != 0 ? DROP_DNS : DROP_CAUSE_COUNT;
	case WHERE_TLS_SNI:
		return DROP_TLS;
	case WHERE_HTTP_HOST:
	case WHERE_HTTP_URL:
		return (observable->hints & OBSERVABLE_PROXIED) != 0 ? DROP_CAUSE_COUNT : DROP_HTTP;
	default:
		return DROP_CAUSE_COUNT;
	}
}

// Does what is dropped stand alone, so that what comes after it in its flow is another matter?
static bool is_message(const struct packet *packet, enum drop_cause cause)
{
	return packet->protocol == IP_UDP && cause == DROP_DNS;
}

enum hit_outcome verdicts_content(struct verdicts *verdicts, const struct match *match,
                                  const struct observable *observable, unsigned position)
{
	enum drop_cause cause = cause_of(observable);
	int64_t turn_at_ns = TIMESTAMP_MAX;
	const struct packet *packet;

	if (match->action != ACTION_DROP || cause == DROP_CAUSE_COUNT ||
	    position == MATCH_NO_PACKET || !verdicts_has_force(verdicts))
		return OUTCOME_NONE;
	packet = &verdicts->packets[position];
	// A message that was copied has gone on; a flow can still be condemned.
	if ((is_message(packet, cause) && verdicts->path->peer == NULL) ||
	    !is_valid(verdicts, match->indicator_id, packet->time_ns, &turn_at_ns))
		return OUTCOME_NONE;
	verdicts->causes[position] = (uint8_t)(1 + cause);
	verdicts->indicator_ids[position] = match->indicator_id;
	return outcome_of(verdicts);
}

// What becomes of a packet that nothing was found in.
static uint8_t cause_of_others(const struct verdicts *verdicts, const struct packet *packet,
                               const struct flow *flow)
{
	if (flow_is_dropped(flow))
		return 1 + DROP_CONDEMNED;
	// Of a DNS message, whose flow goes on.
	if (packet->fragment != FRAGMENT_NONE && fragment_is_dropped(verdicts->fragments, packet))
		return 1 + DROP_DNS;
	return 0;
}

// Can nothing more come of the flow? Of one that may be a tunnel's it always can. Of a bump in the
// wire, of what goes the packet's way: each device has a program of its own. While it has a watch,
// its packets are counted.
static bool is_done(const struct packet *packet, const struct flow *flow, bool is_one_way)
{
	uint8_t done = FLOW_DONE_LOW | FLOW_DONE_HIGH;

	if (is_one_way)
		done = packet->is_from_high ? FLOW_DONE_HIGH : FLOW_DONE_LOW;
	if (packet->is_flow_first || flow->watch_id != 0 || flow_is_dropped(flow) ||
	    packet->fragment == FRAGMENT_WHOLE || decode_may_be_tunnel(packet))
		return false;
	return (packet->protocol == IP_TCP || packet->protocol == IP_UDP) &&
	       (flow->state & done) == done;
}

// What is in a tunnel the program does not see. A flow that is listed stays with the worker, which
// judges it again when another database comes; but for one who only listens.
static void tell_kernel(struct verdicts *verdicts, unsigned position, const struct flow *flow,
                        uint32_t indicator_id)
{
	const struct packet *packet = &verdicts->packets[position];

	if (verdicts->path->xdp == NULL || verdicts->is_dry_run || packet->depth > 0)
		return;
	if (flow->idle_class == FLOW_CONDEMNED ||
	    (flow->idle_class == FLOW_LISTED && verdicts->path->peer == NULL))
		kernel_flow_condemn(verdicts->path, flow, indicator_id);
	else if (is_done(packet, flow, verdicts->path->peer != NULL))
		kernel_flow_done(&verdicts->departures, verdicts->path, flow,
		                 &verdicts->frames[packet->frame]);
}

static void count_drop(struct verdicts *verdicts, unsigned position)
{
	enum drop_cause cause = (enum drop_cause)(verdicts->causes[position] - 1);
	unsigned frame = verdicts->packets[position].frame;

	if (verdicts->is_counted[frame])
		return;
	verdicts->is_counted[frame] = true;
	if (verdicts->is_dry_run) {
		verdicts->would_drops[cause]++;
		return;
	}
	// What was only copied has gone on.
	if (verdicts->path->peer == NULL)
		return;
	verdicts->drops[cause]++;
	verdicts->bytes_dropped += verdicts->frames[frame].wire_bytes;
	verdicts->verdicts[frame] = VERDICT_DROP;
}

static void condemn(struct verdicts *verdicts, const struct packet *packet, struct flow *flow,
                    enum drop_cause cause)
{
	if (packet->fragment == FRAGMENT_FIRST || packet->fragment == FRAGMENT_WHOLE)
		fragment_drop(verdicts->fragments, packet);
	if (cause == DROP_ADDRESS || is_message(packet, cause))
		return;
	flow_condemn(verdicts->flows, packet->flow_id, FLOW_CONDEMNED);
	drop_content(verdicts, flow);
}

static void queue_reply(struct verdicts *verdicts, struct port *port, uint64_t *sent_count,
                        size_t size)
{
	struct queued_reply *reply = &verdicts->replies[verdicts->reply_count];

	if (size == 0 || port->ops->send == NULL)
		return;
	reply->port = port;
	reply->sent_count = sent_count;
	reply->size = size;
	verdicts->reply_count++;
}

static uint8_t *reply_bytes(struct verdicts *verdicts)
{
	return verdicts->replies[verdicts->reply_count].bytes;
}

// Both ends are told once. Who goes on sending all the same is told again: no more frames than
// came.
static void reset(struct verdicts *verdicts, const struct frame *frame, const struct packet *packet,
                  bool is_first)
{
	const struct pipeline_path *path = verdicts->path;

	queue_reply(verdicts, path->port, &verdicts->resets_sent,
	            reply_reset_sender(frame, packet, reply_bytes(verdicts)));
	if (is_first)
		queue_reply(verdicts, path->peer, &verdicts->resets_sent,
		            reply_reset_receiver(frame, packet, reply_bytes(verdicts)));
}

static void answer(struct verdicts *verdicts, unsigned position)
{
	const struct packet *packet = &verdicts->packets[position];
	const struct frame *frame = &verdicts->frames[packet->frame];
	enum drop_cause cause = (enum drop_cause)(verdicts->causes[position] - 1);

	if (verdicts->is_dry_run || verdicts->path->peer == NULL)
		return;
	if (packet->protocol == IP_TCP && verdicts->has_resets)
		reset(verdicts, frame, packet, cause != DROP_CONDEMNED);
	else if (cause == DROP_DNS && verdicts->has_nxdomain)
		queue_reply(verdicts, verdicts->path->port, &verdicts->nxdomains_sent,
		            reply_nxdomain(frame, packet, reply_bytes(verdicts)));
}

static void settle(struct verdicts *verdicts, unsigned position)
{
	const struct packet *packet = &verdicts->packets[position];
	struct flow *flow = flow_at(verdicts->flows, packet->flow_id);
	uint32_t indicator_id = NO_INDICATOR;

	if (verdicts->causes[position] != 0) {
		indicator_id = verdicts->indicator_ids[position];
		condemn(verdicts, packet, flow, (enum drop_cause)(verdicts->causes[position] - 1));
	} else {
		verdicts->causes[position] = cause_of_others(verdicts, packet, flow);
	}
	tell_kernel(verdicts, position, flow, indicator_id);
	if (verdicts->causes[position] == 0)
		return;
	count_drop(verdicts, position);
	answer(verdicts, position);
}

void verdicts_settle(struct verdicts *verdicts, unsigned position, unsigned count)
{
	if (!verdicts_has_force(verdicts))
		return;
	for (unsigned i = position; i < position + count; i++)
		if (verdicts->packets[i].is_ip)
			settle(verdicts, i);
}

void verdicts_released(struct verdicts *verdicts)
{
	kernel_flow_departed(&verdicts->departures, verdicts->path);
	for (unsigned i = 0; i < verdicts->reply_count; i++) {
		const struct queued_reply *reply = &verdicts->replies[i];

		*reply->sent_count += reply->port->ops->send(reply->port,
		                                             slice_of(reply->bytes, reply->size));
	}
	verdicts->reply_count = 0;
}

void verdicts_without_database(struct verdicts *verdicts, unsigned count, bool is_fail_closed)
{
	for (unsigned i = 0; i < count && is_fail_closed && verdicts->path->peer != NULL; i++) {
		verdicts->causes[i] = 1 + DROP_NO_DATABASE;
		count_drop(verdicts, i);
	}
}
