#include "dataplane/capture_turn.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/byte_blocks.h"
#include "base/cpu.h"
#include "base/timestamp.h"
#include "dataplane/capture_format.h"
#include "dataplane/capture_split.h"

enum {
	COPY_BYTES = 4 * CAPTURE_PACKET_BYTES_MAX,
	BURST_BYTES_MAX = 2 * CAPTURE_PACKET_BYTES_MAX, // of a port whose packets are copied
};

static_assert(CAPTURE_TURN_FRAMES < CAPTURE_NO_FRAME, "frames have numbers");

int capture_turn_open(struct capture_turn *turn, const struct capture_walk *walk)
{
	uint16_t *firsts = calloc(2 * (size_t)walk->worker_count, sizeof(firsts[0]));
	uint8_t *copies = walk->is_in_place ? NULL : malloc(COPY_BYTES);

	if (firsts == NULL || (copies == NULL && !walk->is_in_place)) {
		free(firsts);
		free(copies);
		return -ENOMEM;
	}
	turn->waiting = 0;
	turn->block_count = 0;
	turn->copies = copies;
	turn->firsts = firsts;
	turn->lasts = firsts + walk->worker_count;
	return 0;
}

static void hold_block(struct capture_walk *walk, struct capture_turn *turn)
{
	struct byte_block *block = byte_source_block(walk->source);

	if (turn->block_count > 0 && turn->blocks[turn->block_count - 1] == block)
		return;
	byte_block_hold(block);
	turn->blocks[turn->block_count++] = block;
}

static void copy_frames(struct capture_turn *turn, struct frame frames[], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint8_t *copy = turn->copies + turn->copy_bytes;

		memcpy(copy, frames[i].data, frames[i].captured_bytes);
		frames[i].data = copy;
		turn->copy_bytes += frames[i].captured_bytes;
	}
}

static void deal_out(struct capture_walk *walk, struct capture_turn *turn, unsigned first,
                     unsigned count)
{
	for (unsigned i = first; i < first + count; i++)
		prefetch_read(turn->frames[i].data + 32);
	for (unsigned i = first; i < first + count; i++) {
		struct frame *frame = &turn->frames[i];
		unsigned worker = 0;

		frame->number = ++walk->packet_count;
		if (frame->time_ns < turn->time_ns)
			turn->time_ns = frame->time_ns;
		if (walk->worker_count > 1)
			worker = capture_split_worker(frame, walk->worker_count);
		turn->next[i] = CAPTURE_NO_FRAME;
		if (turn->firsts[worker] == CAPTURE_NO_FRAME)
			turn->firsts[worker] = (uint16_t)i;
		else
			turn->next[turn->lasts[worker]] = (uint16_t)i;
		turn->lasts[worker] = (uint16_t)i;
	}
}

static bool has_room(const struct capture_walk *walk, const struct capture_turn *turn)
{
	if (turn->count + PORT_BURST_MAX > CAPTURE_TURN_FRAMES)
		return false;
	if (walk->is_in_place)
		return turn->block_count < CAPTURE_TURN_BLOCKS;
	return turn->copy_bytes + BURST_BYTES_MAX <= COPY_BYTES;
}

bool capture_turn_fill(struct capture_turn *turn, struct capture_walk *walk)
{
	struct port *capture = walk->capture;

	turn->count = 0;
	turn->time_ns = TIMESTAMP_MAX;
	turn->copy_bytes = 0;
	for (unsigned i = 0; i < walk->worker_count; i++)
		turn->firsts[i] = CAPTURE_NO_FRAME;
	while (has_room(walk, turn)) {
		unsigned count = capture->ops->receive(capture, turn->frames + turn->count);

		if (count == 0)
			return false;
		if (walk->is_in_place)
			hold_block(walk, turn);
		else
			copy_frames(turn, turn->frames + turn->count, count);
		capture->ops->release(capture, NULL);
		deal_out(walk, turn, turn->count, count);
		turn->count += count;
	}
	return true;
}

void capture_turn_release(struct capture_turn *turn)
{
	for (unsigned i = 0; i < turn->block_count; i++)
		byte_block_release(turn->blocks[i]);
	turn->block_count = 0;
}

void capture_turn_close(struct capture_turn *turn)
{
	capture_turn_release(turn);
	free(turn->copies);
	free(turn->firsts);
}
