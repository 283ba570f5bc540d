#include "dataplane/stream.h"

#include <assert.h>
#include <string.h>

#include "dataplane/stream_held.h"
#include "dataplane/stream_order.h"

struct streams {
	struct stream_direction directions[2]; // sent by low, by high
};
static_assert(sizeof(struct streams) == 2 * STREAM_DIRECTION_BYTES, "one line per direction");

int stream_table_open(struct stream_table *table, size_t budget_bytes)
{
	struct stream_table opened = {.extractors = extractors};
	size_t share = budget_bytes / 8;
	int error = pool_open(&opened.streams, sizeof(struct streams), share * 3);

	if (error == 0)
		error = pool_open(&opened.pieces, STREAM_PIECE_BYTES, share * 2);
	if (error == 0)
		error = pool_open(&opened.small, STREAM_SMALL_BYTES, share);
	if (error == 0)
		error = pool_open(&opened.large, STREAM_LARGE_BYTES, share * 2);
	if (error < 0) {
		stream_table_close(&opened);
		return error;
	}
	*table = opened;
	return 0;
}

void stream_table_close(struct stream_table *table)
{
	pool_close(&table->streams);
	pool_close(&table->pieces);
	pool_close(&table->small);
	pool_close(&table->large);
}

static void give_streams(struct stream_table *table, struct flow *flow)
{
	const struct streams *streams = pool_block(&table->streams, flow->content_id);
	uint8_t owner = streams->directions[0].shared.owner;

	if (owner != 0 && table->extractors[owner - 1]->leave != NULL)
		table->extractors[owner - 1]->leave(&table->batch->output);
	pool_give(&table->streams, flow->content_id);
	flow->content_id = 0;
	flow->state |= FLOW_DONE_LOW | FLOW_DONE_HIGH;
}

static struct streams *streams_of(struct stream_table *table, struct flow *flow)
{
	if (flow->content_id == 0) {
		flow->content_id = pool_take(&table->streams);
		if (flow->content_id == 0)
			return NULL;
		memset(pool_block(&table->streams, flow->content_id), 0, sizeof(struct streams));
	}
	return pool_block(&table->streams, flow->content_id);
}

// A packet of the direction that is not at hand any more, as far as it is still known.
static struct packet packet_of(const struct flow *flow, bool is_from_high, int64_t time_ns,
                               uint64_t number)
{
	const struct flow_key *key = &flow->key;

	return (struct packet){
		.src = is_from_high ? key->high : key->low,
		.dst = is_from_high ? key->low : key->high,
		.src_port = is_from_high ? key->high_port : key->low_port,
		.dst_port = is_from_high ? key->low_port : key->high_port,
		.protocol = key->protocol,
		.time_ns = time_ns,
		.number = number,
		.is_ip = true,
		.is_from_high = is_from_high,
	};
}

// Whoever finds something in what is held, or by the direction's end, does so in packets that are
// long past: what is found is of those, and does nothing to the ones at hand.
static void give_held(struct stream_table *table, const struct flow *flow,
                      struct stream_direction *direction, bool is_from_high)
{
	const struct stream_piece *piece = stream_held_at(table, direction->held);
	const struct packet packet = packet_of(flow, is_from_high, piece->time_ns,
	                                       piece->packet_number);

	table->batch->packet = &packet;
	table->batch->position = MATCH_NO_PACKET;
	stream_order_give_held(table, direction);
	table->batch->packet = NULL;
}

static void end_direction(struct stream_table *table, const struct flow *flow,
                          struct stream_direction *direction, bool is_from_high)
{
	struct packet packet;

	while (direction->held != 0)
		give_held(table, flow, direction, is_from_high);
	packet = packet_of(flow, is_from_high, direction->last_time_ns, direction->last_number);
	table->batch->packet = &packet;
	table->batch->position = MATCH_NO_PACKET;
	stream_direction_finish(table, direction);
	table->batch->packet = NULL;
}

// Does the other side have what is missing before the first held piece? Then it does not come
// again. Whoever gives packets that are not quite in order has had time to.
static bool is_hole_over(const struct stream_table *table, const struct stream_direction *direction,
                         const struct packet *packet)
{
	const struct stream_piece *piece = stream_held_at(table, direction->held);

	return (int32_t)(piece->sequence - direction->next_sequence) <= 0 ||
	       ((int32_t)(packet->acknowledged - piece->sequence) >= 0 &&
	        packet->time_ns - piece->time_ns >= STREAM_HOLE_NS);
}

// What the packet says of the other direction: where it begins, what nobody will send again, that
// it has ended.
static void take_acknowledgment(struct stream_table *table, struct flow *flow,
                                struct streams *streams, const struct packet *packet)
{
	bool is_from_high = !packet->is_from_high;
	struct stream_direction *direction = &streams->directions[is_from_high];
	const struct packet last = packet_of(flow, is_from_high, direction->last_time_ns,
	                                     direction->last_number);
	const uint16_t position = table->batch->position;

	if (packet->tcp_flags & TCP_SYN) {
		table->batch->packet = &last;
		stream_order_confirm(table, direction, packet->acknowledged);
	} else {
		while (direction->held != 0 && is_hole_over(table, direction, packet))
			give_held(table, flow, direction, is_from_high);
		if (direction->has_ended && packet->acknowledged == direction->next_sequence + 1)
			end_direction(table, flow, direction, is_from_high);
		if (direction->stage == STREAM_DONE)
			flow->state |= is_from_high ? FLOW_DONE_HIGH : FLOW_DONE_LOW;
	}
	table->batch->packet = packet;
	table->batch->position = position;
}

// The other direction's memory is touched only then.
static bool may_acknowledge(const struct flow *flow, const struct stream_direction *direction,
                            const struct packet *packet)
{
	const uint8_t other_ended = packet->is_from_high ? FLOW_FIN_LOW : FLOW_FIN_HIGH;

	return (packet->tcp_flags & (TCP_ACK | TCP_RST)) == TCP_ACK &&
	       ((packet->tcp_flags & TCP_SYN) || (flow->state & other_ended) ||
	        direction->peer_holds);
}

static void tell_peer(struct streams *streams, struct stream_direction *direction,
                      bool is_from_high)
{
	bool is_holding = direction->held != 0;

	if (direction->peer_knows == is_holding)
		return;
	direction->peer_knows = is_holding;
	streams->directions[!is_from_high].peer_holds = is_holding;
}

void stream_packet(struct stream_table *table, struct flow *flow, const struct packet *packet)
{
	const uint8_t done = packet->is_from_high ? FLOW_DONE_HIGH : FLOW_DONE_LOW;
	struct streams *streams = streams_of(table, flow);
	struct stream_direction *direction;

	assert(table->batch->packet == packet);
	if (streams == NULL) {
		table->bytes_dropped += packet->payload_bytes;
		flow->state |= FLOW_DONE_LOW | FLOW_DONE_HIGH;
		return;
	}
	table->batch->output.shared = &streams->directions[0].shared;
	direction = &streams->directions[packet->is_from_high];
	if (flow->state & done) {
		flow->state &= (uint8_t)~done;
		*direction = (struct stream_direction){.shared = direction->shared};
	}
	if (may_acknowledge(flow, direction, packet))
		take_acknowledgment(table, flow, streams, packet);
	stream_order_take(table, direction, packet);
	tell_peer(streams, direction, packet->is_from_high);
	if (direction->stage == STREAM_DONE)
		flow->state |= done;
	if ((flow->state & FLOW_DONE_LOW) && (flow->state & FLOW_DONE_HIGH))
		give_streams(table, flow);
}

static void end_streams(struct stream_table *table, struct flow *flow, bool must_give_held)
{
	struct streams *streams;

	if (flow->content_id == 0)
		return;
	streams = pool_block(&table->streams, flow->content_id);
	table->batch->output.shared = &streams->directions[0].shared;
	for (unsigned i = 0; i < 2; i++) {
		while (!must_give_held && streams->directions[i].held != 0)
			stream_held_drop(table, &streams->directions[i]);
		end_direction(table, flow, &streams->directions[i], i == 1);
	}
	give_streams(table, flow);
}

void stream_drop(struct stream_table *table, struct flow *flow)
{
	end_streams(table, flow, false);
}

void stream_end(struct stream_table *table, struct flow *flow)
{
	end_streams(table, flow, true);
}
