// dataplane/stream_held.h — segments that came too early, until they are due.
//
// In order of sequence, without overlaps: of bytes held twice the first ones count. A FIN that
// came too early is a piece without bytes.
#pragma once

#include <stdint.h>

#include "base/slice.h"
#include "dataplane/stream_direction.h"

enum { STREAM_PIECE_BYTES = 2048 };

struct stream_piece {
	uint32_t next;
	uint32_t sequence;
	uint32_t size_bytes; // 0: a FIN
	int64_t time_ns;
	uint64_t packet_number;
	uint8_t bytes[];
};

static inline struct stream_piece *stream_held_at(const struct stream_table *table, uint32_t id)
{
	return pool_block(&table->pieces, id);
}

// HOT. Holds bytes that begin at `sequence`, ahead of what is expected. Returns how many of them
// were dealt with; fewer than all when no more may be held.
size_t stream_held_add(struct stream_table *table, struct stream_direction *direction,
                       uint32_t sequence, struct slice bytes);

// HOT. Holds a FIN, which is ahead of what is expected. It is forgotten when no more may be held.
void stream_held_add_end(struct stream_table *table, struct stream_direction *direction,
                         uint32_t sequence);

// HOT. Gives the first piece back.
void stream_held_drop(struct stream_table *table, struct stream_direction *direction);
