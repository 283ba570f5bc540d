#include "dataplane/stream_direction.h"

#include <assert.h>
#include <string.h>

#include "dataplane/stream_held.h"

static_assert(EXTRACT_PENDING_MAX < 1 << 17, "bits of pending_bytes");

static const uint64_t LAST_NUMBER_MAX = ((uint64_t)1 << 49) - 1;

enum { PROBE_BYTES_MAX = 4096 }; // an extractor that cannot tell by then will not

static uint8_t *pending_at(const struct stream_table *table,
                           const struct stream_direction *direction)
{
	return pool_block(direction->is_pending_large ? &table->large : &table->small,
	                  direction->pending_id);
}

static void drop_pending(struct stream_table *table, struct stream_direction *direction)
{
	if (direction->pending_id != 0)
		pool_give(direction->is_pending_large ? &table->large : &table->small,
		          direction->pending_id);
	direction->pending_id = 0;
	direction->pending_bytes = 0;
}

static void end_extract(struct stream_table *table, struct stream_direction *direction)
{
	const struct extractor_ops *ops = table->extractors[direction->extractor];
	bool is_whole = direction->has_ended && direction->pending_bytes == 0 &&
	                direction->skip_bytes == 0;

	if (direction->stage == STREAM_EXTRACT && ops->end != NULL)
		ops->end(&direction->state, is_whole, &table->batch->output);
}

void stream_direction_finish(struct stream_table *table, struct stream_direction *direction)
{
	end_extract(table, direction);
	drop_pending(table, direction);
	while (direction->held != 0)
		stream_held_drop(table, direction);
	direction->stage = STREAM_DONE;
}

// The packet at hand moves the direction on.
static void note_packet(const struct stream_table *table, struct stream_direction *direction)
{
	direction->last_time_ns = table->batch->packet->time_ns;
	direction->last_number = table->batch->packet->number & LAST_NUMBER_MAX;
	direction->has_ended = false;
}

void stream_direction_reach_end(struct stream_table *table, struct stream_direction *direction)
{
	if (direction->stage == STREAM_DONE)
		return;
	note_packet(table, direction);
	direction->has_ended = true;
}

// Makes room for `size` pending bytes. False when the budget is used up.
static bool reserve_pending(struct stream_table *table, struct stream_direction *direction,
                            size_t size)
{
	uint32_t id;

	if (direction->pending_id == 0 && size <= STREAM_SMALL_BYTES) {
		direction->pending_id = pool_take(&table->small);
		direction->is_pending_large = false;
		return direction->pending_id != 0;
	}
	if (direction->is_pending_large ? direction->pending_id != 0 : size <= STREAM_SMALL_BYTES)
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
static void keep(struct stream_table *table, struct stream_direction *direction, struct slice bytes)
{
	if (!reserve_pending(table, direction, direction->pending_bytes + bytes.size)) {
		table->bytes_dropped += bytes.size;
		stream_direction_finish(table, direction);
		return;
	}
	memcpy(pending_at(table, direction) + direction->pending_bytes, bytes.data, bytes.size);
	direction->pending_bytes += (uint32_t)bytes.size;
}

// Asks the extractors whose the bytes are.
static enum probe_result probe(struct stream_table *table, struct stream_direction *direction,
                               struct slice bytes)
{
	const struct packet *packet = table->batch->packet;
	// Who began is not always known; the server's port is nearly always the lower one.
	uint16_t port = packet->dst_port < packet->src_port ? packet->dst_port : packet->src_port;
	enum probe_result result = PROBE_NO;

	for (unsigned i = 0; table->extractors[i] != NULL; i++) {
		switch (table->extractors[i]->probe(bytes, port)) {
		case PROBE_YES:
			direction->extractor = i;
			direction->stage = STREAM_EXTRACT;
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

static size_t skip(struct stream_direction *direction, size_t size)
{
	size_t skipped = size < direction->skip_bytes ? size : (size_t)direction->skip_bytes;

	direction->skip_bytes -= skipped;
	return skipped;
}

// Does what an extractor's verdict says. False when nothing was achieved: it waits for more.
static bool obey(struct stream_direction *direction, const struct extract_progress *progress)
{
	bool has_moved = progress->consumed > 0 || progress->skip_bytes > 0;

	direction->skip_bytes = progress->skip_bytes;
	if (progress->verdict == EXTRACT_DONE) {
		direction->stage = STREAM_DONE;
	} else if (progress->verdict == EXTRACT_RESTART) {
		direction->stage = has_moved ? STREAM_PROBE : STREAM_DONE;
		direction->probes_left = 1;
	}
	return has_moved;
}

// Gives `window` to whoever wants it. Returns how much of it is not needed again.
static size_t offer(struct stream_table *table, struct stream_direction *direction,
                    struct slice window)
{
	size_t used = 0;

	for (;;) {
		struct slice rest;

		used += skip(direction, window.size - used);
		rest = slice_from(window, used);
		if (rest.size == 0 || direction->stage == STREAM_DONE)
			return window.size;
		if (direction->stage == STREAM_PROBE) {
			enum probe_result result = probe(table, direction, rest);

			if (result == PROBE_MAYBE)
				return used;
			if (result == PROBE_NO) {
				if (--direction->probes_left == 0)
					direction->stage = STREAM_DONE;
				return window.size;
			}
		}

		struct extract_progress progress = table->extractors[direction->extractor]->consume(
			&direction->state, rest, &table->batch->output);
		assert(progress.consumed <= rest.size);
		used += progress.consumed;
		if (!obey(direction, &progress) && direction->stage != STREAM_DONE)
			return used;
	}
}

// `missing_bytes` (0: not known) behind next_sequence are lost to the extractor.
static void tell_gap(struct stream_table *table, struct stream_direction *direction,
                     uint64_t missing_bytes)
{
	struct extract_progress progress;

	drop_pending(table, direction);
	if (direction->stage == STREAM_PROBE) {
		direction->probes_left = STREAM_PROBES_MIDSTREAM;
		return;
	}
	progress = table->extractors[direction->extractor]->gap(&direction->state, missing_bytes,
	                                                        &table->batch->output);
	direction->skip_bytes = progress.skip_bytes;
	if (progress.verdict == EXTRACT_DONE) {
		direction->stage = STREAM_DONE;
		stream_direction_finish(table, direction);
	} else if (progress.verdict == EXTRACT_RESTART) {
		direction->stage = STREAM_PROBE;
		direction->probes_left = STREAM_PROBES_MIDSTREAM;
	}
}

static void remove_pending(struct stream_table *table, struct stream_direction *direction,
                           size_t size)
{
	uint8_t *pending = pending_at(table, direction);

	direction->pending_bytes -= (uint32_t)size;
	if (direction->pending_bytes == 0)
		drop_pending(table, direction);
	else if (size > 0)
		memmove(pending, pending + size, direction->pending_bytes);
}

// Bytes behind pending ones: both are given as one run.
static void deliver_pending(struct stream_table *table, struct stream_direction *direction,
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
	if (direction->stage == STREAM_DONE)
		return;
	used = offer(table, direction,
	             slice_of(pending_at(table, direction), direction->pending_bytes));
	remove_pending(table, direction, used);
}

void stream_direction_deliver(struct stream_table *table, struct stream_direction *direction,
                              struct slice bytes)
{
	if (bytes.size == 0)
		return;
	direction->next_sequence += (uint32_t)bytes.size;
	direction->has_data = true;
	note_packet(table, direction);
	while (bytes.size > 0 && direction->stage != STREAM_DONE) {
		if (direction->pending_bytes > 0) {
			deliver_pending(table, direction, &bytes);
		} else {
			struct slice window = slice_first(bytes, EXTRACT_PENDING_MAX);
			size_t used = offer(table, direction, window);

			if (direction->stage != STREAM_DONE && used < window.size)
				keep(table, direction, slice_from(window, used));
			bytes = slice_from(bytes, window.size);
		}
	}
	if (direction->stage == STREAM_DONE)
		stream_direction_finish(table, direction);
}

void stream_direction_pass_gap(struct stream_table *table, struct stream_direction *direction,
                               uint32_t missing_bytes)
{
	uint32_t left = missing_bytes - (uint32_t)skip(direction, missing_bytes);

	direction->next_sequence += missing_bytes;
	direction->has_data = true;
	note_packet(table, direction);
	if (left == 0)
		return;
	table->gaps++;
	tell_gap(table, direction, left);
}

void stream_direction_lose(struct stream_table *table, struct stream_direction *direction)
{
	table->gaps++;
	tell_gap(table, direction, 0);
}
