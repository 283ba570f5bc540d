// dataplane/stream.h — TCP segments to bytes in order, for the extractors.
//
// Each direction stands alone, so that one-sided traffic works. Segments in order go to the
// extractor as they lie in the packet; what it leaves is kept, and so are segments that came too
// early, both within budgets. Of bytes sent twice the first ones count. What never came is a
// gap: the extractor is told when more is held than a direction may, or when the flow ends. A
// direction begins at its SYN, or, picked up in its middle, where a segment begins that an
// extractor recognises. When a direction is of no interest, nothing is kept of it.
#pragma once

#include <stdint.h>

#include "dataplane/flow.h"
#include "dataplane/match_batch.h"
#include "dataplane/pool.h"

enum {
	STREAM_HELD_MAX = 64,        // pieces of early segments of one direction
	STREAM_PROBES_MIDSTREAM = 8, // segments at which a direction may be picked up
};

struct stream_table {
	struct pool streams;
	struct pool pieces;
	struct pool small;         // bytes an extractor left: most are of one message cut in two
	struct pool large;         // EXTRACT_PENDING_MAX
	struct match_batch *batch; // borrowed: where observables go
	uint64_t gaps;
	uint64_t bytes_dropped;
};

// Returns 0, or -ENOMEM with *table untouched.
int stream_table_open(struct stream_table *table, size_t budget_bytes);

// Accepts an all-zero table.
void stream_table_close(struct stream_table *table);

// HOT. Takes a TCP packet of a flow that is not FLOW_DONE. batch->packet must be `packet`.
void stream_packet(struct stream_table *table, struct flow *flow, const struct packet *packet);

// The flow ends: what is held is given out behind its gaps. batch->packet is changed.
void stream_end(struct stream_table *table, struct flow *flow);
