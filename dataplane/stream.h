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

#include "base/cpu.h"
#include "dataplane/extract.h"
#include "dataplane/flow.h"
#include "dataplane/match_batch.h"
#include "dataplane/pool.h"

enum {
	STREAM_HELD_MAX = 64,        // pieces of early segments of one direction
	STREAM_PROBES_MIDSTREAM = 8, // segments at which a direction may be picked up
	STREAM_DIRECTION_BYTES = CACHE_LINE_BYTES,
};

// How long a hole is waited for whose bytes the other side has acknowledged: they were lost to the
// capture, or come a little late.
#define STREAM_HOLE_NS ((int64_t)1000 * 1000 * 1000)

struct stream_table {
	struct pool streams;
	struct pool pieces;
	struct pool small;         // bytes an extractor left: most are of one message cut in two
	struct pool large;         // EXTRACT_PENDING_MAX
	struct match_batch *batch; // borrowed: where observables go
	const struct extractor_ops *const *extractors; // extract.h's, unless a test has its own
	uint64_t gaps;
	uint64_t bytes_dropped;
};

// Returns 0, or -ENOMEM with *table untouched.
int stream_table_open(struct stream_table *table, size_t budget_bytes);

// Accepts an all-zero table.
void stream_table_close(struct stream_table *table);

// Does anybody want what `packet` (TCP) of the flow brings? What was read to its end begins anew at
// a SYN: the ports are used again, or it was never what it seemed.
static inline bool stream_is_wanted(const struct flow *flow, const struct packet *packet)
{
	return (flow->state & (packet->is_from_high ? FLOW_DONE_HIGH : FLOW_DONE_LOW)) == 0 ||
	       (packet->tcp_flags & TCP_SYN) != 0;
}

// HOT. What stream_packet() will need: to be called some packets before.
static inline void stream_prefetch(const struct stream_table *table, const struct flow *flow,
                                   const struct packet *packet)
{
	if (flow->content_id != 0 && stream_is_wanted(flow, packet))
		prefetch_read((const uint8_t *)pool_block(&table->streams, flow->content_id) +
		              (packet->is_from_high ? STREAM_DIRECTION_BYTES : 0));
}

// HOT. Takes a TCP packet that is wanted. batch->packet must be `packet`.
void stream_packet(struct stream_table *table, struct flow *flow, const struct packet *packet);

// Nobody wants anything more of the flow: what is kept of it is dropped. batch->packet and
// position are changed.
void stream_drop(struct stream_table *table, struct flow *flow);

// The flow ends: what is held is given out behind its gaps, as of the packets that brought it; what
// an extractor tells in end() is of the packet that last moved its direction on. batch->packet and
// position are changed.
void stream_end(struct stream_table *table, struct flow *flow);
