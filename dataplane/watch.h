// dataplane/watch.h — address hits that wait for their flow's counts.
//
// An address is one hit per indicator, flow and side, with the flow's packets and bytes,
// written at the flow's end or after 60 s of packet time, whichever is first; of a flow that is
// dropped after 5 s, by when a client has tried again. Only flows with
// such hits have a watch. When the pool is full, hits are written at once, with what was
// counted by then.
#pragma once

#include <stdint.h>

#include "dataplane/emit.h"
#include "dataplane/flow.h"
#include "dataplane/pool.h"
#include "engine/match.h"

// Watches in order of their making, by how long they may last.
enum watch_list_id {
	WATCH_PASSING,
	WATCH_DROPPED, // of flows that are dropped
	WATCH_LISTS,
};

struct watch_list {
	uint32_t oldest;
	uint32_t newest;
};

struct watch_table {
	struct pool watches;
	struct pool matches;
	struct watch_list lists[WATCH_LISTS];
	struct emitter *emitter; // borrowed
	uint32_t capture_id;
};

// Returns 0, or -ENOMEM with *table untouched.
int watch_table_open(struct watch_table *table, size_t budget_bytes);

// Accepts an all-zero table.
void watch_table_close(struct watch_table *table);

// What is added to a watch.
struct watch_match_of {
	const struct match *match;
	bool is_dst; // of the packet
	enum hit_outcome outcome;
};

// HOT. Adds a hit of `flow`, on account of `packet`, the first that was judged: its source
// address, or its destination. What the watch has already is not added again.
void watch_add(struct watch_table *table, struct flow *flow, const struct packet *packet,
               const struct watch_match_of *found);

// HOT. Counts a packet of a flow that has a watch; writes the hits when their time has come.
void watch_packet(struct watch_table *table, struct flow *flow, const struct packet *packet);

// Writes the hits of a flow that ends. A flow without a watch is left alone.
void watch_end(struct watch_table *table, struct flow *flow);

// HOT. Writes the hits of watches whose time is over at `time_ns`, respectively of all.
void watch_expire(struct watch_table *table, struct flow_table *flows, int64_t time_ns);
void watch_end_all(struct watch_table *table, struct flow_table *flows);

// The address observable of one side of `packet`.
struct observable watch_observable(const struct packet *packet, bool is_dst);
