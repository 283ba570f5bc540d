#include "dataplane/judge.h"

#include "base/timestamp.h"

enum {
	STAMPS = 255,
	SWEEP_TURNS = 128, // in which the whole table is swept
	FLOWS_AT_ONCE = MATCH_BATCH_MAX / 2,
};

// Whoever was not judged in this turn never was, as far as anybody can tell.
static void sweep(struct judge *judge)
{
	const struct pool *flows = &judge->flows->flows;
	uint32_t left = flows->capacity / SWEEP_TURNS + 1;

	if (left > flows->fresh)
		left = flows->fresh;
	for (; left > 0; left--) {
		judge->swept = judge->swept % flows->fresh + 1;
		// A free block does not mind.
		((struct flow *)pool_block(flows, judge->swept))->key.judged = 0;
	}
}

void judge_turn(struct judge *judge)
{
	judge->stamp = judge->stamp % STAMPS + 1;
	judge->turn_at_ns = TIMESTAMP_MAX;
	sweep(judge);
}

// A match of one of a flow's addresses.
static void take_match(struct judge *judge, const struct packet *packet, unsigned position,
                       const struct match *match)
{
	struct watch_match_of found = {.match = match, .is_dst = match->observable % 2 == 1};

	if (judge->verdicts != NULL)
		found.outcome = verdicts_address(judge->verdicts, match, position,
		                                 &judge->turn_at_ns);
	watch_add(judge->watches, flow_at(judge->flows, packet->flow_id), packet, &found);
}

// What of an address decides what it meets: where it stood does not.
static void put_address(struct observable *observable, const struct address *address, uint16_t port,
                        uint8_t protocol)
{
	observable->type = OBSERVABLE_ADDRESS;
	observable->address = *address;
	observable->port = port;
	observable->protocol = protocol;
}

static void put_addresses(struct observable observables[2], const struct packet *packet)
{
	const uint8_t protocol = packet->protocol;
	const bool has_ports = protocol == IP_TCP || protocol == IP_UDP || protocol == IP_SCTP;

	put_address(&observables[0], &packet->src, has_ports ? packet->src_port : 0, protocol);
	put_address(&observables[1], &packet->dst, has_ports ? packet->dst_port : 0, protocol);
}

// Asks for both addresses of at most half a batch of flows, on account of some of `packets`.
static void judge_flows(struct judge *judge, const struct packet packets[],
                        const struct packet *const chosen[], unsigned count)
{
	struct observable *observables = judge->observables;
	const struct match *matches;
	unsigned match_count;

	for (unsigned i = 0; i < count; i++)
		put_addresses(&observables[2 * i], chosen[i]);
	match_count = match_find(judge->batch->context, observables, 2 * count, &matches);
	for (unsigned i = 0; i < match_count; i++) {
		const struct packet *packet = chosen[matches[i].observable / 2];

		take_match(judge, packet, (unsigned)(packet - packets), &matches[i]);
	}
	judge->batch->observable_count[OBSERVABLE_ADDRESS] += 2 * count;
	for (unsigned i = 0; judge->verdicts != NULL && i < count; i++)
		verdicts_judged(judge->verdicts, (unsigned)(chosen[i] - packets));
}

// In captures a flow is judged when it begins. Live, a new one has no stamp.
static bool is_due(const struct judge *judge, const struct packet *packet)
{
	struct flow *flow;

	if (judge->stamp == 0)
		return packet->is_flow_first;
	flow = flow_at(judge->flows, packet->flow_id);
	if (flow->key.judged == judge->stamp)
		return false;
	flow->key.judged = judge->stamp;
	return true;
}

void judge_addresses(struct judge *judge, const struct packet packets[], unsigned position,
                     unsigned count)
{
	const struct packet *chosen[FLOWS_AT_ONCE];
	unsigned chosen_count = 0;

	for (unsigned i = position; i < position + count; i++) {
		if (!packets[i].is_ip || !is_due(judge, &packets[i]))
			continue;
		chosen[chosen_count++] = &packets[i];
		if (chosen_count == FLOWS_AT_ONCE) {
			judge_flows(judge, packets, chosen, chosen_count);
			chosen_count = 0;
		}
	}
	if (chosen_count > 0)
		judge_flows(judge, packets, chosen, chosen_count);
}
