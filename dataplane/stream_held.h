// dataplane/stream_held.h — segments that came too early, until they are due.
//
// In order of sequence, without overlaps: of bytes held twice the first ones count. A packet has a
// piece of its own, which knows it, until there are many: then small ones that touch share one.
#pragma once

#include <stdint.h>

#include "base/slice.h"
#include "dataplane/stream_direction.h"

enum { STREAM_PIECE_BYTES = 2048 };

enum stream_piece_kind {
	PIECE_BYTES,
	PIECE_URGENT, // a byte that is not part of the stream
	PIECE_END,    // FIN: no byte
};

struct stream_piece {
	uint32_t next;
	uint32_t sequence;
	uint16_t size_bytes; // in the sequence's space
	uint8_t kind;        // enum stream_piece_kind
	int64_t time_ns;     // of the newest packet that has a part in it
	uint64_t packet_number;
	uint8_t bytes[];
};

static inline struct stream_piece *stream_held_at(const struct stream_table *table, uint32_t id)
{
	return pool_block(&table->pieces, id);
}

// HOT. Holds bytes that begin at `sequence`, ahead of what is expected. Returns how many of them
// were dealt with; fewer than all when no more may be held: STREAM_HELD_MAX pieces, or, when few
// are left for all directions, a share of these.
size_t stream_held_add(struct stream_table *table, struct stream_direction *direction,
                       uint32_t sequence, struct slice bytes);

// HOT. Likewise, a FIN, or an urgent byte. It is forgotten when no more may be held.
void stream_held_add_mark(struct stream_table *table, struct stream_direction *direction,
                          uint32_t sequence, enum stream_piece_kind kind);

// HOT. Gives the first piece back.
void stream_held_drop(struct stream_table *table, struct stream_direction *direction);
