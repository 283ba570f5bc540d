#include "dataplane/stream_order.h"

#include "dataplane/stream_held.h"

// How far `sequence` lies ahead of what is expected; negative when behind (RFC 9293, 3.4).
static int32_t distance(const struct stream_direction *direction, uint32_t sequence)
{
	return (int32_t)(sequence - direction->next_sequence);
}

static void begin(struct stream_direction *direction, uint32_t sequence, unsigned probes)
{
	direction->stage = STREAM_PROBE;
	direction->next_sequence = sequence;
	direction->probes_left = probes & 15;
}

// What was read until now was of another connection, or was never received.
static void begin_anew(struct stream_table *table, struct stream_direction *direction,
                       uint32_t sequence)
{
	const struct packet *packet = table->batch->packet;
	struct packet last = *packet;

	last.time_ns = direction->last_time_ns;
	last.number = direction->last_number;
	table->batch->packet = &last;
	stream_direction_finish(table, direction);
	table->batch->packet = packet;
	direction->skip_bytes = 0;
	direction->has_data = false;
	direction->has_ended = false;
	direction->strays = 0;
	begin(direction, sequence, 1);
}

void stream_order_give_held(struct stream_table *table, struct stream_direction *direction)
{
	uint32_t id = direction->held;
	const struct stream_piece *piece = stream_held_at(table, id);
	int32_t ahead = distance(direction, piece->sequence);
	size_t seen = ahead < 0 ? (size_t) - (int64_t)ahead : 0;

	// Out of the list first: all that follows may finish the direction.
	direction->held = piece->next;
	direction->held_count--;
	if (ahead > 0)
		stream_direction_pass_gap(table, direction, (uint32_t)ahead);
	switch ((enum stream_piece_kind)piece->kind) {
	case PIECE_BYTES:
		stream_direction_deliver(
			table, direction,
			slice_from(slice_of(piece->bytes, piece->size_bytes), seen));
		break;
	case PIECE_URGENT:
		if (ahead >= 0)
			direction->next_sequence++;
		break;
	case PIECE_END:
		if (ahead >= 0)
			stream_direction_reach_end(table, direction);
		break;
	}
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
		stream_order_give_held(table, direction);
	}
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

// Passes over what lies before `sequence` when nobody wants it.
static void skip_to(struct stream_table *table, struct stream_direction *direction,
                    uint32_t sequence)
{
	int32_t ahead = distance(direction, sequence);

	if (ahead <= 0 || (uint64_t)ahead > direction->skip_bytes)
		return;
	stream_direction_pass_gap(table, direction, (uint32_t)ahead);
	drain(table, direction);
}

static void take_bytes(struct stream_table *table, struct stream_direction *direction,
                       uint32_t sequence, struct slice bytes)
{
	while (direction->stage != STREAM_DONE && bytes.size > 0) {
		bool is_early;
		size_t done;

		skip_to(table, direction, sequence);
		is_early = distance(direction, sequence) > 0;
		if (is_early)
			done = stream_held_add(table, direction, sequence, bytes);
		else
			done = take_due(table, direction, sequence, bytes);
		bytes = slice_from(bytes, done);
		sequence += (uint32_t)done;
		if (!is_early || bytes.size == 0)
			continue;
		if (direction->held == 0) {
			table->bytes_dropped += bytes.size;
			return;
		}
		// Gives up what lies before the first held piece.
		stream_order_give_held(table, direction);
		drain(table, direction);
	}
}

// Hosts give the urgent byte to who asks for it, and leave it out of the stream (RFC 6093, section
// 2; what it recommends instead, an application has to ask for).
static void take_urgent(struct stream_table *table, struct stream_direction *direction,
                        uint32_t sequence)
{
	if (direction->stage == STREAM_DONE)
		return;
	skip_to(table, direction, sequence);
	if (distance(direction, sequence) > 0) {
		stream_held_add_mark(table, direction, sequence, PIECE_URGENT);
	} else if (distance(direction, sequence) == 0) {
		direction->next_sequence++;
		drain(table, direction);
	}
}

// A FIN behind the byte before `sequence`.
static void take_end(struct stream_table *table, struct stream_direction *direction,
                     uint32_t sequence)
{
	if (direction->stage == STREAM_DONE)
		return;
	skip_to(table, direction, sequence);
	if (distance(direction, sequence) > 0)
		stream_held_add_mark(table, direction, sequence, PIECE_END);
	else if (distance(direction, sequence) == 0)
		stream_direction_reach_end(table, direction);
}

static bool is_far_off(const struct stream_direction *direction, uint32_t sequence)
{
	int64_t ahead = distance(direction, sequence);

	return ahead < -STREAM_WINDOW_BYTES ||
	       (ahead > STREAM_WINDOW_BYTES &&
	        (uint64_t)ahead - STREAM_WINDOW_BYTES > direction->skip_bytes);
}

// Does the first segment contradict a SYN that nobody has answered?
static bool is_elsewhere(const struct stream_direction *direction, const struct packet *packet)
{
	int32_t ahead = distance(direction, packet->sequence);

	return !direction->is_confirmed && !direction->has_data &&
	       (packet->tcp_flags & TCP_SYN) == 0 &&
	       (ahead < 0 || ahead > STREAM_FIRST_FLIGHT_BYTES);
}

// Is the packet, for its sequence number, none that the other side would take? When such ones are
// all that comes, it is the direction that was lost: by a hole in the capture, or by what
// somebody put between to be rid of the listener.
static bool is_stray(struct stream_table *table, struct stream_direction *direction,
                     const struct packet *packet)
{
	if (!is_far_off(direction, packet->sequence)) {
		if (packet->payload_bytes > 0)
			direction->strays = 0;
		return false;
	}
	if (packet->payload_bytes == 0 || ++direction->strays < STREAM_STRAYS_MAX)
		return true;
	while (direction->held != 0)
		stream_order_give_held(table, direction);
	if (direction->stage == STREAM_DONE)
		return true;
	stream_direction_lose(table, direction);
	direction->next_sequence = packet->sequence;
	direction->strays = 0;
	return direction->stage == STREAM_DONE;
}

// Takes the SYN of a packet. Returns whether bytes behind it count: the newest SYN does, until the
// other side has acknowledged one, or bytes have come behind it.
static bool take_syn(struct stream_table *table, struct stream_direction *direction,
                     const struct packet *packet)
{
	uint32_t first = packet->sequence + 1; // the SYN itself has one (RFC 9293, section 3.4)

	if (!direction->has_data) {
		if (!direction->is_confirmed && direction->held == 0)
			begin(direction, first, 1);
	} else if (!direction->has_syn) {
		begin_anew(table, direction, first); // what was picked up was of something else
	}
	direction->has_syn = true;
	if (direction->has_data || direction->next_sequence != first)
		return false;
	direction->is_syn_data = packet->payload_bytes > 0;
	return true;
}

void stream_order_confirm(struct stream_table *table, struct stream_direction *direction,
                          uint32_t sequence)
{
	if (direction->has_data) {
		int32_t ahead = distance(direction, sequence);
		bool is_far = is_far_off(direction, sequence);

		// The bytes in the SYN were not taken: they will come again (RFC 7413, section 3).
		// Or what was read was not of this connection.
		if ((direction->is_syn_data && ahead < 0 && !is_far) ||
		    (!direction->is_confirmed && (ahead > 0 || is_far)))
			begin_anew(table, direction, sequence);
	} else if (direction->stage != STREAM_DONE && !direction->is_settled) {
		direction->is_settled = direction->has_syn && direction->next_sequence == sequence;
		begin(direction, sequence, 1);
	}
	direction->is_syn_data = false;
	direction->is_confirmed = true;
	direction->has_syn = true;
}

// The bytes of a segment, without the urgent one.
static void take_segment(struct stream_table *table, struct stream_direction *direction,
                         const struct packet *packet, uint32_t sequence)
{
	struct slice bytes = slice_of(packet->payload, packet->payload_bytes);
	// As Linux has it: 0 is 1.
	size_t urgent = packet->urgent_offset > 0 ? packet->urgent_offset - 1u : 0;

	if ((packet->tcp_flags & TCP_URG) == 0 || urgent >= bytes.size) {
		take_bytes(table, direction, sequence, bytes);
		return;
	}
	take_bytes(table, direction, sequence, slice_first(bytes, urgent));
	take_urgent(table, direction, sequence + (uint32_t)urgent);
	take_bytes(table, direction, sequence + (uint32_t)urgent + 1,
	           slice_from(bytes, urgent + 1));
}

void stream_order_take(struct stream_table *table, struct stream_direction *direction,
                       const struct packet *packet)
{
	bool is_syn = (packet->tcp_flags & TCP_SYN) != 0;
	uint32_t sequence = packet->sequence + is_syn;
	uint32_t end = sequence + packet->payload_bytes;

	// What a receiver does not take either: RFC 9293, section 3.10.7.4, fifth; in a reset,
	// bytes are not the stream's (section 3.5.3).
	if ((packet->tcp_flags & TCP_RST) || (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == 0)
		return;
	if (is_syn && !take_syn(table, direction, packet))
		return;
	if (packet->payload_bytes > 0 &&
	    (direction->stage == STREAM_NEW || is_elsewhere(direction, packet)))
		begin(direction, sequence, STREAM_PROBES_MIDSTREAM);
	if (direction->stage == STREAM_NEW || is_stray(table, direction, packet))
		return;
	if (packet->payload_bytes > 0)
		direction->is_syn_data &= is_syn;
	drain(table, direction);
	take_segment(table, direction, packet, sequence);
	if (direction->stage != STREAM_DONE && packet->missing_bytes > 0 &&
	    direction->next_sequence == end) {
		stream_direction_pass_gap(table, direction, packet->missing_bytes);
		drain(table, direction);
	}
	if (packet->tcp_flags & TCP_FIN)
		take_end(table, direction, end + packet->missing_bytes);
}
