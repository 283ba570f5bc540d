#include "dataplane/stream.h"

#include <assert.h>
#include <string.h>

#include "base/cpu.h"

enum {
	PROBE_BYTES_MAX = 4096, // an extractor that cannot tell by then will not
	SMALL_BYTES = 4096,
	LARGE_BYTES = (EXTRACT_PENDING_MAX + 7) & ~7,
	PIECE_BYTES = 2048,
};

enum stage {
	STAGE_NEW,     // nothing was seen of the direction
	STAGE_PROBE,   // it is not known whose it is
	STAGE_EXTRACT, // an extractor has it
	STAGE_DONE,    // nobody wants it
};

struct direction {
	struct extract_state state;
	uint64_t skip_bytes;    // behind next_sequence, not wanted
	uint32_t next_sequence; // of the first byte not yet seen in order
	uint32_t held;          // first piece of early segments, in order of sequence
	uint32_t pending_id;    // bytes the extractor left: of pool small, or large
	uint32_t pending_bytes;
	uint8_t stage;     // enum stage
	uint8_t extractor; // index into extractors[]
	uint8_t probes_left;
	uint8_t held_count;
	bool is_pending_large;
	bool has_data;
};

struct streams {
	struct direction directions[2]; // sent by low, by high
};
static_assert(sizeof(struct streams) <= 2 * CACHE_LINE_BYTES, "one line per direction");

struct piece {
	uint32_t next;
	uint32_t sequence;
	uint32_t size_bytes;
	int64_t time_ns;
	uint64_t packet_number;
	uint8_t bytes[];
};

enum { PIECE_DATA_BYTES = PIECE_BYTES - sizeof(struct piece) };

int stream_table_open(struct stream_table *table, size_t budget_bytes)
{
	struct stream_table opened = {0};
	size_t share = budget_bytes / 8;
	int error = pool_open(&opened.streams, sizeof(struct streams), share * 3);

	if (error == 0)
		error = pool_open(&opened.pieces, PIECE_BYTES, share * 2);
	if (error == 0)
		error = pool_open(&opened.small, SMALL_BYTES, share);
	if (error == 0)
		error = pool_open(&opened.large, LARGE_BYTES, share * 2);
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

static uint8_t *pending_at(const struct stream_table *table, const struct direction *direction)
{
	return pool_block(direction->is_pending_large ? &table->large : &table->small,
	                  direction->pending_id);
}

static void drop_pending(struct stream_table *table, struct direction *direction)
{
	if (direction->pending_id != 0)
		pool_give(direction->is_pending_large ? &table->large : &table->small,
		          direction->pending_id);
	direction->pending_id = 0;
	direction->pending_bytes = 0;
}

static struct piece *piece_at(const struct stream_table *table, uint32_t id)
{
	return pool_block(&table->pieces, id);
}

static void drop_first_piece(struct stream_table *table, struct direction *direction)
{
	uint32_t id = direction->held;

	direction->held = piece_at(table, id)->next;
	direction->held_count--;
	pool_give(&table->pieces, id);
}

static void finish(struct stream_table *table, struct direction *direction)
{
	drop_pending(table, direction);
	while (direction->held != 0)
		drop_first_piece(table, direction);
	direction->stage = STAGE_DONE;
}

// Makes room for `size` pending bytes. False when the budget is used up.
static bool reserve_pending(struct stream_table *table, struct direction *direction, size_t size)
{
	uint32_t id;

	if (direction->pending_id == 0 && size <= SMALL_BYTES) {
		direction->pending_id = pool_take(&table->small);
		direction->is_pending_large = false;
		return direction->pending_id != 0;
	}
	if (direction->is_pending_large ? direction->pending_id != 0 : size <= SMALL_BYTES)
		return true;
	id = pool_take(&table->large);
	if (id == 0)
		return false;
	if (direction->pending_id != 0) {
		memcpy(pool_block(&table->large, id), pending_at(table, direction),
		       direction->pending_bytes);
		pool_give(&table->small, direction->pending_id);
	}
	direction->pending_id = id;
	direction->is_pending_large = true;
	return true;
}

// Appends to what is pending; without room the direction is given up.
static void keep(struct stream_table *table, struct direction *direction, struct slice bytes)
{
	if (!reserve_pending(table, direction, direction->pending_bytes + bytes.size)) {
		table->bytes_dropped += bytes.size;
		finish(table, direction);
		return;
	}
	memcpy(pending_at(table, direction) + direction->pending_bytes, bytes.data, bytes.size);
	direction->pending_bytes += (uint32_t)bytes.size;
}

// Asks the extractors whose the bytes are.
static enum probe_result probe(struct stream_table *table, struct direction *direction,
                               struct slice bytes)
{
	const struct packet *packet = table->batch->packet;
	// Who began is not always known; the server's port is nearly always the lower one.
	uint16_t port = packet->dst_port < packet->src_port ? packet->dst_port : packet->src_port;
	enum probe_result result = PROBE_NO;

	for (uint8_t i = 0; extractors[i] != NULL; i++) {
		switch (extractors[i]->probe(bytes, port)) {
		case PROBE_YES:
			direction->extractor = i;
			direction->stage = STAGE_EXTRACT;
			direction->state = (struct extract_state){0};
			return PROBE_YES;
		case PROBE_MAYBE:
			result = PROBE_MAYBE;
			break;
		case PROBE_NO:
			break;
		}
	}
	return bytes.size < PROBE_BYTES_MAX ? result : PROBE_NO;
}

static size_t skip(struct direction *direction, size_t size)
{
	size_t skipped = size < direction->skip_bytes ? size : (size_t)direction->skip_bytes;

	direction->skip_bytes -= skipped;
	return skipped;
}

// Does what an extractor's verdict says. False when nothing was achieved: it waits for more.
static bool obey(struct direction *direction, const struct extract_progress *progress)
{
	bool has_moved = progress->consumed > 0 || progress->skip_bytes > 0;

	direction->skip_bytes = progress->skip_bytes;
	if (progress->verdict == EXTRACT_DONE) {
		direction->stage = STAGE_DONE;
	} else if (progress->verdict == EXTRACT_RESTART) {
		direction->stage = has_moved ? STAGE_PROBE : STAGE_DONE;
		direction->probes_left = 1;
	}
	return has_moved;
}

// Gives `window` to whoever wants it. Returns how much of it is not needed again.
static size_t offer(struct stream_table *table, struct direction *direction, struct slice window)
{
	size_t used = 0;

	for (;;) {
		struct slice rest;

		used += skip(direction, window.size - used);
		rest = slice_from(window, used);
		if (rest.size == 0 || direction->stage == STAGE_DONE)
			return window.size;
		if (direction->stage == STAGE_PROBE) {
			enum probe_result result = probe(table, direction, rest);

			if (result == PROBE_MAYBE)
				return used;
			if (result == PROBE_NO) {
				if (--direction->probes_left == 0)
					direction->stage = STAGE_DONE;
				return window.size;
			}
		}

		struct extract_progress progress = extractors[direction->extractor]->consume(
			&direction->state, rest, &table->batch->output);
		assert(progress.consumed <= rest.size);
		used += progress.consumed;
		if (!obey(direction, &progress) && direction->stage != STAGE_DONE)
			return used;
	}
}

// `missing_bytes` (0: not known) behind next_sequence are lost to the extractor.
static void tell_gap(struct stream_table *table, struct direction *direction,
                     uint64_t missing_bytes)
{
	struct extract_progress progress;

	drop_pending(table, direction);
	if (direction->stage == STAGE_PROBE) {
		direction->probes_left = STREAM_PROBES_MIDSTREAM;
		return;
	}
	progress = extractors[direction->extractor]->gap(&direction->state, missing_bytes);
	direction->skip_bytes = progress.skip_bytes;
	if (progress.verdict == EXTRACT_DONE) {
		finish(table, direction);
	} else if (progress.verdict == EXTRACT_RESTART) {
		direction->stage = STAGE_PROBE;
		direction->probes_left = STREAM_PROBES_MIDSTREAM;
	}
}

static void remove_pending(struct stream_table *table, struct direction *direction, size_t size)
{
	uint8_t *pending = pending_at(table, direction);

	direction->pending_bytes -= (uint32_t)size;
	if (direction->pending_bytes == 0)
		drop_pending(table, direction);
	else if (size > 0)
		memmove(pending, pending + size, direction->pending_bytes);
}

// Bytes behind pending ones: both are given as one run.
static void deliver_pending(struct stream_table *table, struct direction *direction,
                            struct slice *bytes)
{
	size_t room = EXTRACT_PENDING_MAX - direction->pending_bytes;
	struct slice added = slice_first(*bytes, room);
	size_t used;

	if (room == 0) {
		tell_gap(table, direction, 0);
		return;
	}
	*bytes = slice_from(*bytes, added.size);
	keep(table, direction, added);
	if (direction->stage == STAGE_DONE)
		return;
	used = offer(table, direction,
	             slice_of(pending_at(table, direction), direction->pending_bytes));
	remove_pending(table, direction, used);
}

// Bytes in order, not seen before.
static void deliver(struct stream_table *table, struct direction *direction, struct slice bytes)
{
	direction->next_sequence += (uint32_t)bytes.size;
	direction->has_data = true;
	while (bytes.size > 0 && direction->stage != STAGE_DONE) {
		if (direction->pending_bytes > 0) {
			deliver_pending(table, direction, &bytes);
		} else {
			struct slice window = slice_first(bytes, EXTRACT_PENDING_MAX);
			size_t used = offer(table, direction, window);

			if (direction->stage != STAGE_DONE && used < window.size)
				keep(table, direction, slice_from(window, used));
			bytes = slice_from(bytes, window.size);
		}
	}
	if (direction->stage == STAGE_DONE)
		finish(table, direction);
}

// The next `missing_bytes` will not come.
static void pass_gap(struct stream_table *table, struct direction *direction,
                     uint32_t missing_bytes)
{
	uint32_t left = missing_bytes - (uint32_t)skip(direction, missing_bytes);

	direction->next_sequence += missing_bytes;
	direction->has_data = true;
	if (left == 0)
		return;
	table->gaps++;
	tell_gap(table, direction, left);
}

// How far `sequence` lies ahead of what is expected; negative when behind (RFC 9293, 3.4).
static int32_t distance(const struct direction *direction, uint32_t sequence)
{
	return (int32_t)(sequence - direction->next_sequence);
}

// Delivers the held pieces that have become due.
static void drain(struct stream_table *table, struct direction *direction)
{
	while (direction->held != 0) {
		const struct piece *piece = piece_at(table, direction->held);
		int32_t ahead = distance(direction, piece->sequence);

		if (ahead > 0 && (uint64_t)ahead > direction->skip_bytes)
			return;
		if (ahead > 0)
			pass_gap(table, direction, (uint32_t)ahead);
		if (ahead <= 0 && (uint32_t)-ahead >= piece->size_bytes) {
			drop_first_piece(table, direction);
			continue;
		}

		size_t seen = ahead < 0 ? (size_t)-ahead : 0;
		uint32_t id = direction->held;
		struct slice bytes = slice_of(piece->bytes + seen, piece->size_bytes - seen);
		// Out of the list first: delivering may finish the direction.
		direction->held = piece->next;
		direction->held_count--;
		deliver(table, direction, bytes);
		pool_give(&table->pieces, id);
	}
}

// Gives up what lies before the first held piece.
static void jump_to_held(struct stream_table *table, struct direction *direction)
{
	int32_t ahead = distance(direction, piece_at(table, direction->held)->sequence);

	if (ahead > 0)
		pass_gap(table, direction, (uint32_t)ahead);
	drain(table, direction);
}

// Puts a piece with the first bytes of `bytes` (up to `limit`) in front of *link. Returns how
// many it took, 0 when the budget is used up.
static size_t insert_piece(struct stream_table *table, struct direction *direction, uint32_t *link,
                           uint32_t sequence, struct slice bytes)
{
	const struct packet *packet = table->batch->packet;
	uint32_t id = direction->held_count < STREAM_HELD_MAX ? pool_take(&table->pieces) : 0;
	struct piece *piece;

	if (id == 0)
		return 0;
	bytes = slice_first(bytes, PIECE_DATA_BYTES);
	piece = piece_at(table, id);
	*piece = (struct piece){
		.next = *link,
		.sequence = sequence,
		.size_bytes = (uint32_t)bytes.size,
		.time_ns = packet->time_ns,
		.packet_number = packet->number,
	};
	memcpy(piece->bytes, bytes.data, bytes.size);
	*link = id;
	direction->held_count++;
	return bytes.size;
}

// Holds what came too early, without what is held already. Returns how many of the bytes were
// dealt with; fewer than all when no more may be held.
static size_t hold(struct stream_table *table, struct direction *direction, uint32_t sequence,
                   struct slice bytes)
{
	uint32_t *link = &direction->held;
	size_t done = 0;

	while (done < bytes.size) {
		const struct piece *piece = *link != 0 ? piece_at(table, *link) : NULL;
		uint32_t at = sequence + (uint32_t)done;
		int32_t before = piece != NULL ? (int32_t)(piece->sequence - at) : INT32_MAX;
		struct slice rest = slice_from(bytes, done);

		if (before > 0) {
			size_t size = insert_piece(table, direction, link, at,
			                           slice_first(rest, (size_t)before));

			if (size == 0)
				return done;
			done += size;
		} else {
			size_t from_piece = (size_t) - (int64_t)before;

			if (from_piece < piece->size_bytes)
				done += slice_first(rest, piece->size_bytes - from_piece).size;
		}
		link = &piece_at(table, *link)->next;
	}
	return done;
}

static void take_segment(struct stream_table *table, struct direction *direction, uint32_t sequence,
                         struct slice bytes)
{
	while (direction->stage != STAGE_DONE && bytes.size > 0) {
		int32_t ahead = distance(direction, sequence);
		size_t done;

		if (ahead > 0 && (uint64_t)ahead <= direction->skip_bytes) {
			pass_gap(table, direction, (uint32_t)ahead); // nobody wants what is missing
			ahead = 0;
		}
		if (ahead <= 0) {
			deliver(table, direction, slice_from(bytes, (size_t) - (int64_t)ahead));
			drain(table, direction);
			return;
		}
		done = hold(table, direction, sequence, bytes);
		bytes = slice_from(bytes, done);
		sequence += (uint32_t)done;
		if (bytes.size > 0 && direction->held == 0) {
			table->bytes_dropped += bytes.size;
			return;
		}
		if (bytes.size > 0)
			jump_to_held(table, direction);
	}
}

static void begin(struct direction *direction, uint32_t sequence, uint8_t probes)
{
	direction->stage = STAGE_PROBE;
	direction->next_sequence = sequence;
	direction->probes_left = probes;
}

static void take_packet(struct stream_table *table, struct direction *direction,
                        const struct packet *packet)
{
	uint32_t sequence = packet->sequence;
	uint32_t end;

	if (packet->tcp_flags & TCP_SYN) {
		sequence++; // the SYN itself has one (RFC 9293, section 3.4)
		if (!direction->has_data && direction->held == 0)
			begin(direction, sequence, 1);
	}
	if (direction->stage == STAGE_NEW && packet->payload_bytes > 0)
		begin(direction, sequence, STREAM_PROBES_MIDSTREAM);
	if (direction->stage == STAGE_NEW)
		return;

	end = sequence + packet->payload_bytes;
	take_segment(table, direction, sequence, slice_of(packet->payload, packet->payload_bytes));
	if (direction->stage != STAGE_DONE && packet->missing_bytes > 0 &&
	    direction->next_sequence == end) {
		pass_gap(table, direction, packet->missing_bytes);
		drain(table, direction);
	}
	end += packet->missing_bytes;
	if ((packet->tcp_flags & TCP_FIN) && direction->next_sequence == end)
		finish(table, direction);
}

static void give_streams(struct stream_table *table, struct flow *flow)
{
	pool_give(&table->streams, flow->streams_id);
	flow->streams_id = 0;
	flow->state |= FLOW_DONE;
}

static struct streams *streams_of(struct stream_table *table, struct flow *flow)
{
	if (flow->streams_id == 0) {
		flow->streams_id = pool_take(&table->streams);
		if (flow->streams_id == 0)
			return NULL;
		memset(pool_block(&table->streams, flow->streams_id), 0, sizeof(struct streams));
	}
	return pool_block(&table->streams, flow->streams_id);
}

void stream_packet(struct stream_table *table, struct flow *flow, const struct packet *packet)
{
	struct streams *streams = streams_of(table, flow);
	struct direction *direction;

	assert(table->batch->packet == packet);
	if (streams == NULL) {
		table->bytes_dropped += packet->payload_bytes;
		flow->state |= FLOW_DONE;
		return;
	}
	direction = &streams->directions[packet->is_from_high];
	if (direction->stage != STAGE_DONE)
		take_packet(table, direction, packet);
	if (streams->directions[0].stage == STAGE_DONE &&
	    streams->directions[1].stage == STAGE_DONE)
		give_streams(table, flow);
}

// The packet that brought the first held piece, as far as it is still known.
static void packet_of_piece(const struct stream_table *table, const struct flow *flow,
                            const struct direction *direction, bool is_from_high,
                            struct packet *ret_packet)
{
	const struct flow_key *key = &flow->key;
	const struct piece *piece = piece_at(table, direction->held);

	*ret_packet = (struct packet){
		.src = is_from_high ? key->high : key->low,
		.dst = is_from_high ? key->low : key->high,
		.src_port = is_from_high ? key->high_port : key->low_port,
		.dst_port = is_from_high ? key->low_port : key->high_port,
		.protocol = key->protocol,
		.time_ns = piece->time_ns,
		.number = piece->packet_number,
		.is_ip = true,
	};
}

void stream_end(struct stream_table *table, struct flow *flow)
{
	struct streams *streams;

	if (flow->streams_id == 0)
		return;
	streams = pool_block(&table->streams, flow->streams_id);
	for (unsigned i = 0; i < 2; i++) {
		struct direction *direction = &streams->directions[i];

		while (direction->held != 0) {
			struct packet packet;

			packet_of_piece(table, flow, direction, i == 1, &packet);
			table->batch->packet = &packet;
			jump_to_held(table, direction);
		}
		finish(table, direction);
		table->batch->packet = NULL;
	}
	give_streams(table, flow);
}
