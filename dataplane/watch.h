// dataplane/watch.h — address hits that wait for their flow's counts.
//
// An address is one hit per indicator, flow and side, with the flow's packets and bytes,
// written at the flow's end or after 60 s of packet time, whichever is first. Only flows with
// such hits have a watch. When the pool is full, hits are written at once, with what was
// counted by then.
#pragma once

#include <stdint.h>

#include "dataplane/emit.h"
#include "dataplane/flow.h"
#include "dataplane/pool.h"
#include "engine/match.h"

struct watch_table {
	struct pool watches;
	struct pool matches;
	struct emitter *emitter; // borrowed
	uint32_t capture_id;
};

// Returns 0, or -ENOMEM with *table untouched.
int watch_table_open(struct watch_table *table, size_t budget_bytes);

// Accepts an all-zero table.
void watch_table_close(struct watch_table *table);

// HOT. Adds a hit of `flow`, whose first packet is `packet`: its source address, or its
// destination.
void watch_add(struct watch_table *table, struct flow *flow, const struct packet *packet,
               const struct match *match, bool is_dst);

// HOT. Counts a packet of a flow that has a watch; writes the hits when their time has come.
void watch_packet(struct watch_table *table, struct flow *flow, const struct packet *packet);

// Writes the hits of a flow that ends. A flow without a watch is left alone.
void watch_end(struct watch_table *table, struct flow *flow);

// The address observable of one side of `packet`.
struct observable watch_observable(const struct packet *packet, bool is_dst);
