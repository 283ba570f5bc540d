// dataplane/fragment_held.h — the bytes of a packet's fragments, as far as they came: for
// fragment.c alone.
//
// They lie where they belong in the packet, in blocks; a bit says of eight bytes that they are
// there. So a byte costs the same in tiny fragments as in large ones.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "dataplane/pool.h"

enum {
	FRAGMENT_UNIT_BYTES = 8, // in which offsets are given
	HELD_BLOCK_DATA_BYTES = 2048,
	HELD_BLOCK_BYTES = HELD_BLOCK_DATA_BYTES + HELD_BLOCK_DATA_BYTES / FRAGMENT_UNIT_BYTES / 8,
	HELD_BLOCKS = 65536 / HELD_BLOCK_DATA_BYTES,
};

// All zero: nothing is held.
struct fragment_held {
	uint32_t total_bytes; // 0: the last fragment has not come
	uint32_t end_bytes;   // behind what came of the farthest
	uint32_t units;       // there
	uint16_t blocks[HELD_BLOCKS];
};

// What a fragment says.
struct fragment_piece {
	uint32_t offset; // in bytes
	bool is_last;
	struct slice bytes; // of the last any number, else a multiple of FRAGMENT_UNIT_BYTES
};

enum held_result {
	HELD_TAKEN,
	HELD_REPEATED,      // it was there already, the same
	HELD_OVERLAPPING,   // what was there already stays; the rest is taken
	HELD_CONTRADICTORY, // the packet would end in two places
};

// HOT. Makes room for a piece. False when the pool is used up; what was taken of it stays.
bool fragment_held_reserve(struct fragment_held *held, struct pool *blocks,
                           const struct fragment_piece *piece);

// HOT. Takes a piece for which there is room.
enum held_result fragment_held_add(struct fragment_held *held, const struct pool *blocks,
                                   const struct fragment_piece *piece);

// HOT. Is every byte there?
static inline bool fragment_held_is_whole(const struct fragment_held *held)
{
	return held->total_bytes != 0 &&
	       held->units == (held->total_bytes + FRAGMENT_UNIT_BYTES - 1) / FRAGMENT_UNIT_BYTES;
}

// HOT. Writes the held->total_bytes bytes of a whole one.
void fragment_held_copy(const struct fragment_held *held, const struct pool *blocks, uint8_t *out);

// HOT. Gives its blocks back: nothing is held.
void fragment_held_release(struct fragment_held *held, struct pool *blocks);
