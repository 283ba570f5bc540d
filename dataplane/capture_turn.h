// dataplane/capture_turn.h — a turn of a capture: some of its packets, dealt out to workers.
//
// One thread at a time walks and fills a turn; then all workers read it, each its own packets,
// until the last has passed it and it is filled anew (dataplane/capture_share.c says when).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/byte_source.h"
#include "dataplane/port.h"

enum {
	CAPTURE_TURN_FRAMES = 1024,
	CAPTURE_TURN_BLOCKS = 2,
	CAPTURE_NO_FRAME = UINT16_MAX,
};

// What is walked. Used by whoever walks.
struct capture_walk {
	struct port *capture;
	struct byte_source *source; // of `capture`
	bool is_in_place;           // packets stay in the source's blocks
	unsigned worker_count;
	uint64_t packet_count; // so far
};

// Written by whoever walks, then read by all workers until each has passed it.
struct capture_turn {
	unsigned waiting; // workers that have not passed it; under the share's mutex
	unsigned count;
	int64_t time_ns;                                // of the earliest packet
	struct byte_block *blocks[CAPTURE_TURN_BLOCKS]; // held: the frames lie in them
	unsigned block_count;
	uint8_t *copies; // of packets that do not stay where the port put them
	size_t copy_bytes;
	uint16_t *firsts;                   // a worker's first frame
	uint16_t *lasts;                    // likewise; while it is walked
	uint16_t next[CAPTURE_TURN_FRAMES]; // of the same worker's
	struct frame frames[CAPTURE_TURN_FRAMES];
};

// Returns 0, or -ENOMEM with nothing to close. The memory of frames is left as it is: most captures
// are small, and use little of it.
int capture_turn_open(struct capture_turn *turn, const struct capture_walk *walk);

void capture_turn_close(struct capture_turn *turn);

// HOT. Returns false at the capture's end; there may be packets before it.
bool capture_turn_fill(struct capture_turn *turn, struct capture_walk *walk);

// Lets go of the blocks in which its frames lie.
void capture_turn_release(struct capture_turn *turn);
