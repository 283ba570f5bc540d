#include "dataplane/stream.h"

#include <assert.h>
#include <string.h>

#include "dataplane/stream_direction.h"
#include "dataplane/stream_held.h"

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

// How far `sequence` lies ahead of what is expected; negative when behind (RFC 9293, 3.4).
static int32_t distance(const struct stream_direction *direction, uint32_t sequence)
{
	return (int32_t)(sequence - direction->next_sequence);
}

// The first held piece is a FIN.
static void reach_held_end(struct stream_table *table, struct stream_direction *direction,
                           int32_t ahead)
{
	stream_held_drop(table, direction);
	if (ahead > 0)
		stream_direction_pass_gap(table, direction, (uint32_t)ahead);
	if (ahead >= 0 && direction->stage != STREAM_DONE)
		stream_direction_end(table, direction);
}

// Delivers the first held piece, behind the gap before it if there is one.
static void deliver_first_held(struct stream_table *table, struct stream_direction *direction)
{
	uint32_t id = direction->held;
	const struct stream_piece *piece = stream_held_at(table, id);
	int32_t ahead = distance(direction, piece->sequence);
	size_t seen = ahead < 0 ? (size_t) - (int64_t)ahead : 0;

	if (piece->size_bytes == 0) {
		reach_held_end(table, direction, ahead);
		return;
	}
	if (seen >= piece->size_bytes) {
		stream_held_drop(table, direction);
		return;
	}
	// Out of the list first: both may finish the direction.
	direction->held = piece->next;
	direction->held_count--;
	if (ahead > 0)
		stream_direction_pass_gap(table, direction, (uint32_t)ahead);
	stream_direction_deliver(table, direction,
	                         slice_of(piece->bytes + seen, piece->size_bytes - seen));
	pool_give(&table->pieces, id);
}

// Delivers the held pieces that have become due.
static void drain(struct stream_table *table, struct stream_direction *direction)
{
	while (direction->held != 0) {
		int32_t ahead = distance(direction,
		                         stream_held_at(table, direction->held)->sequence);

		if (ahead > 0 && (uint64_t)ahead > direction->skip_bytes)
			return;
		deliver_first_held(table, direction);
	}
}

// Gives up what lies before the first held piece.
static void jump_to_held(struct stream_table *table, struct stream_direction *direction)
{
	deliver_first_held(table, direction);
	drain(table, direction);
}

// Delivers bytes that begin at or before what is expected. Held ones among them came first, so
// they are taken instead. Returns how many of the bytes were dealt with.
static size_t take_due(struct stream_table *table, struct stream_direction *direction,
                       uint32_t sequence, struct slice bytes)
{
	size_t seen = (size_t) - (int64_t)distance(direction, sequence);
	struct slice due = slice_from(bytes, seen);

	if (direction->held != 0)
		due = slice_first(
			due, (size_t)distance(direction,
		                              stream_held_at(table, direction->held)->sequence));
	stream_direction_deliver(table, direction, due);
	drain(table, direction);
	return slice_first(bytes, seen + due.size).size;
}

static void take_segment(struct stream_table *table, struct stream_direction *direction,
                         uint32_t sequence, struct slice bytes)
{
	while (direction->stage != STREAM_DONE && bytes.size > 0) {
		int32_t ahead = distance(direction, sequence);
		size_t done;

		// Nobody wants what is missing.
		if (ahead > 0 && (uint64_t)ahead <= direction->skip_bytes) {
			stream_direction_pass_gap(table, direction, (uint32_t)ahead);
			drain(table, direction);
			continue;
		}
		if (ahead <= 0)
			done = take_due(table, direction, sequence, bytes);
		else
			done = stream_held_add(table, direction, sequence, bytes);
		bytes = slice_from(bytes, done);
		sequence += (uint32_t)done;
		if (ahead <= 0 || bytes.size == 0)
			continue;
		if (direction->held == 0) {
			table->bytes_dropped += bytes.size;
			return;
		}
		jump_to_held(table, direction);
	}
}

static void begin(struct stream_direction *direction, uint32_t sequence, uint8_t probes)
{
	direction->stage = STREAM_PROBE;
	direction->next_sequence = sequence;
	direction->probes_left = probes;
}

// A FIN behind the byte before `sequence`.
static void take_end(struct stream_table *table, struct stream_direction *direction,
                     uint32_t sequence)
{
	int32_t ahead = distance(direction, sequence);

	if (direction->stage == STREAM_DONE || ahead < 0)
		return;
	if (ahead == 0) {
		stream_direction_end(table, direction);
		return;
	}
	stream_held_add_end(table, direction, sequence);
	drain(table, direction); // nobody may want what is missing
}

static void take_packet(struct stream_table *table, struct stream_direction *direction,
                        const struct packet *packet)
{
	uint32_t sequence = packet->sequence;
	uint32_t end;

	if (packet->tcp_flags & TCP_SYN) {
		sequence++; // the SYN itself has one (RFC 9293, section 3.4)
		if (!direction->has_data && direction->held == 0)
			begin(direction, sequence, 1);
	}
	if (direction->stage == STREAM_NEW && packet->payload_bytes > 0)
		begin(direction, sequence, STREAM_PROBES_MIDSTREAM);
	if (direction->stage == STREAM_NEW)
		return;

	end = sequence + packet->payload_bytes;
	take_segment(table, direction, sequence, slice_of(packet->payload, packet->payload_bytes));
	if (direction->stage != STREAM_DONE && packet->missing_bytes > 0 &&
	    direction->next_sequence == end) {
		stream_direction_pass_gap(table, direction, packet->missing_bytes);
		drain(table, direction);
	}
	end += packet->missing_bytes;
	if (packet->tcp_flags & TCP_FIN)
		take_end(table, direction, end);
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

void stream_packet(struct stream_table *table, struct flow *flow, const struct packet *packet)
{
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
	take_packet(table, direction, packet);
	if (direction->stage == STREAM_DONE)
		flow->state |= packet->is_from_high ? FLOW_DONE_HIGH : FLOW_DONE_LOW;
	if ((flow->state & FLOW_DONE_LOW) && (flow->state & FLOW_DONE_HIGH))
		give_streams(table, flow);
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

// What is found now is of the packets that brought it, long past as they are, and does nothing to
// those at hand.
static void end_direction(struct stream_table *table, const struct flow *flow,
                          struct stream_direction *direction, bool is_from_high)
{
	struct packet packet;

	table->batch->packet = &packet;
	table->batch->position = MATCH_NO_PACKET;
	while (direction->held != 0) {
		const struct stream_piece *piece = stream_held_at(table, direction->held);

		packet = packet_of(flow, is_from_high, piece->time_ns, piece->packet_number);
		deliver_first_held(table, direction);
	}
	packet = packet_of(flow, is_from_high, direction->last_time_ns, direction->last_number);
	stream_direction_finish(table, direction, false);
	table->batch->packet = NULL;
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
