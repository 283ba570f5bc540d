#include "dataplane/fragment_held.h"

#include <assert.h>
#include <string.h>

// HELD_BLOCK_BYTES of the pool.
struct held_block {
	uint64_t there[HELD_BLOCK_DATA_BYTES / FRAGMENT_UNIT_BYTES / 64]; // a bit a unit
	uint8_t data[HELD_BLOCK_DATA_BYTES];
};
static_assert(sizeof(struct held_block) == HELD_BLOCK_BYTES, "no holes");

bool fragment_held_reserve(struct fragment_held *held, struct pool *blocks,
                           const struct fragment_piece *piece)
{
	uint32_t first = piece->offset / HELD_BLOCK_DATA_BYTES;
	uint32_t last = (piece->offset + (uint32_t)piece->bytes.size - 1) / HELD_BLOCK_DATA_BYTES;

	for (uint32_t i = first; i <= last; i++) {
		struct held_block *block;

		if (held->blocks[i] != 0)
			continue;
		held->blocks[i] = (uint16_t)pool_take(blocks);
		if (held->blocks[i] == 0)
			return false;
		block = pool_block(blocks, held->blocks[i]);
		memset(block->there, 0, sizeof(block->there));
	}
	return true;
}

// What a piece met.
struct meeting {
	uint32_t new_units;
	bool has_old;
	bool is_different; // of what was there
};

static void add_unit(struct held_block *block, uint32_t offset, struct slice bytes,
                     struct meeting *meeting)
{
	uint32_t unit = offset / FRAGMENT_UNIT_BYTES;
	uint64_t bit = UINT64_C(1) << unit % 64;

	if (block->there[unit / 64] & bit) {
		meeting->has_old = true;
		meeting->is_different |= memcmp(block->data + offset, bytes.data, bytes.size) != 0;
		return;
	}
	block->there[unit / 64] |= bit;
	memcpy(block->data + offset, bytes.data, bytes.size);
	meeting->new_units++;
}

// Would the packet end where it did not, or go on behind its end?
static bool contradicts(const struct fragment_held *held, const struct fragment_piece *piece,
                        uint32_t end)
{
	if (held->total_bytes != 0)
		return end > held->total_bytes || (piece->is_last && end != held->total_bytes);
	return piece->is_last && end < held->end_bytes;
}

enum held_result fragment_held_add(struct fragment_held *held, const struct pool *blocks,
                                   const struct fragment_piece *piece)
{
	uint32_t end = piece->offset + (uint32_t)piece->bytes.size;
	struct meeting meeting = {0};

	if (contradicts(held, piece, end))
		return HELD_CONTRADICTORY;
	for (uint32_t at = piece->offset; at < end; at += FRAGMENT_UNIT_BYTES)
		add_unit(pool_block(blocks, held->blocks[at / HELD_BLOCK_DATA_BYTES]),
		         at % HELD_BLOCK_DATA_BYTES,
		         slice_first(slice_from(piece->bytes, at - piece->offset),
		                     FRAGMENT_UNIT_BYTES),
		         &meeting);
	held->units += meeting.new_units;
	if (end > held->end_bytes)
		held->end_bytes = end;
	if (piece->is_last)
		held->total_bytes = end;
	if (!meeting.has_old)
		return HELD_TAKEN;
	return meeting.new_units == 0 && !meeting.is_different ? HELD_REPEATED : HELD_OVERLAPPING;
}

void fragment_held_copy(const struct fragment_held *held, const struct pool *blocks, uint8_t *out)
{
	for (uint32_t at = 0; at < held->total_bytes; at += HELD_BLOCK_DATA_BYTES) {
		const struct held_block *block =
			pool_block(blocks, held->blocks[at / HELD_BLOCK_DATA_BYTES]);
		uint32_t left = held->total_bytes - at;

		memcpy(out + at, block->data,
		       left < HELD_BLOCK_DATA_BYTES ? left : HELD_BLOCK_DATA_BYTES);
	}
}

void fragment_held_release(struct fragment_held *held, struct pool *blocks)
{
	for (unsigned i = 0; i < HELD_BLOCKS; i++)
		if (held->blocks[i] != 0)
			pool_give(blocks, held->blocks[i]);
	*held = (struct fragment_held){0};
}
