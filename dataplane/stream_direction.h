// dataplane/stream_direction.h — one direction of a TCP connection: bytes in order to extractors.
//
// stream.c brings the bytes in order and says where some are missing; here they are offered to
// the extractors, and what these leave is kept.
#pragma once

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/extract.h"
#include "dataplane/stream.h"

enum {
	STREAM_SMALL_BYTES = 4096,
	STREAM_LARGE_BYTES = (EXTRACT_PENDING_MAX + 7) & ~7,
};

enum stream_stage {
	STREAM_NEW,     // nothing was seen of the direction
	STREAM_PROBE,   // it is not known whose it is
	STREAM_EXTRACT, // an extractor has it
	STREAM_DONE,    // nobody wants it
};

// A line of its own, to the last byte.
struct stream_direction {
	alignas(STREAM_DIRECTION_BYTES) struct extract_state state;
	uint64_t skip_bytes;    // behind next_sequence, not wanted
	int64_t last_time_ns;   // of the packet that last moved it on
	uint32_t next_sequence; // of the first byte not yet seen in order
	uint32_t held;          // first piece of early segments, in order of sequence
	uint32_t pending_id;    // bytes the extractor left: of pool small, or large
	uint32_t pending_bytes : 17;
	uint32_t is_pending_large : 1;
	uint32_t stage : 2;     // enum stream_stage
	uint32_t extractor : 4; // index into extractors[]
	uint32_t probes_left : 4;
	uint32_t has_data : 1;
	uint32_t has_syn : 1;      // its SYN was seen
	uint32_t is_confirmed : 1; // and acknowledged
	uint32_t is_syn_data : 1;  // all of its data was in its SYN
	uint64_t is_settled : 1;   // the SYN acknowledged is the one that was seen
	uint64_t has_ended : 1;    // there was a FIN, and nothing behind it so far
	uint64_t held_count : 7;
	uint64_t strays : 4;          // segments far off, since one that was not
	uint64_t peer_holds : 1;      // the other direction holds pieces
	uint64_t peer_knows : 1;      // that this one does
	uint64_t last_number : 49;    // of the packet that last moved it on
	struct extract_shared shared; // of the connection: the one that low sends has it
};

// HOT. Takes bytes in order, not seen before.
void stream_direction_deliver(struct stream_table *table, struct stream_direction *direction,
                              struct slice bytes);

// HOT. The next `missing_bytes` will not come.
void stream_direction_pass_gap(struct stream_table *table, struct stream_direction *direction,
                               uint32_t missing_bytes);

// HOT. Its FIN was reached. Whether it is the end is seen later: somebody may have put it there.
void stream_direction_reach_end(struct stream_table *table, struct stream_direction *direction);

// HOT. Nobody knows how much is missing.
void stream_direction_lose(struct stream_table *table, struct stream_direction *direction);

// HOT. Nobody wants anything more of it, or nothing will come: gives up what is pending and held.
void stream_direction_finish(struct stream_table *table, struct stream_direction *direction);
