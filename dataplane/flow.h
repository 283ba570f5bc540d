// dataplane/flow.h — which packets belong together.
//
// A flow is what two (address, port) pairs say to each other over one protocol; protocols
// without ports, and later fragments whose first one is not known, have port 0. ICMP messages
// and their answers are one flow, of the others each direction, type and code. It ends when it was
// idle for too long in packet time, when a closed TCP connection's ports are used again, or when
// the table's budget is full: then a closed one goes first; then the brief one that was idle
// longest, if half of the table are brief, as in a flood; then of all the one idle longest, last of
// all one that was condemned, unless half of the table is. What the table does depends on the
// packets alone, never on the seed of its hash: two runs give the same flows.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dataplane/decode.h"
#include "dataplane/flow_index.h"
#include "dataplane/pool.h"

// How long a flow may be idle, by class.
enum flow_class {
	FLOW_BRIEF,       // UDP, others, TCP of which only one side was seen and no payload: 60 s
	FLOW_ESTABLISHED, // TCP: 300 s
	FLOW_CLOSED,      // TCP after FIN from both sides, or RST: 10 s
	FLOW_LISTED,      // dropped for its addresses, a SYN of them included: 120 s
	FLOW_CONDEMNED,   // dropped for what it said, until a SYN: 120 s
	FLOW_CLASS_COUNT,
};

enum flow_state {
	FLOW_FIN_LOW = 1 << 0,
	FLOW_FIN_HIGH = 1 << 1,
	FLOW_SEEN_LOW = 1 << 2, // sent something
	FLOW_SEEN_HIGH = 1 << 3,
	FLOW_DONE_LOW = 1 << 4, // of what low sends, nobody wants anything any more
	FLOW_DONE_HIGH = 1 << 5,
};

// The two ends are ordered, so that both directions have the same key: `low` is the smaller.
struct flow_key {
	struct address low;
	struct address high;
	uint16_t low_port;
	uint16_t high_port;
	uint8_t protocol;
	uint8_t judged; // not of the key, whose last byte was free: see judge.h
};

enum { FLOW_KEY_BYTES = offsetof(struct flow_key, protocol) + 1 }; // without holes

// One cache line. What only some flows need hangs from it.
struct flow {
	struct flow_key key;
	uint8_t state;      // enum flow_state
	uint8_t idle_class; // enum flow_class
	uint32_t next;      // in the hash chain
	uint32_t older;     // in the class' list
	uint32_t newer;
	uint32_t last_tick;  // when its last packet came
	uint32_t content_id; // stream.c's, or of UDP content.c's; 0: none
	uint32_t watch_id;   // watch.c's, 0: none
};

struct flow_list {
	uint32_t oldest;
	uint32_t newest;
	uint32_t count;
};

struct flow_table {
	struct pool flows;
	struct flow_index index;
	uint64_t seeds[2];
	struct flow_list lists[FLOW_CLASS_COUNT];
	uint64_t created;
	uint64_t evicted;
	// Told of each flow that ends, before it is gone.
	void (*on_end)(void *context, struct flow *flow);
	void *context;
};

// At most `budget_bytes` of flows, 64 bytes each, and for the index between a sixth and a third of
// that besides; both used as flows need them. Returns 0, or -ENOMEM with *table untouched.
int flow_table_open(struct flow_table *table, size_t budget_bytes);

// Accepts an all-zero table. Ends no flow.
void flow_table_close(struct flow_table *table);

// HOT. Finds or makes the flows of packets[0..count) (count <= PORT_BURST_MAX), sets the packets'
// flow fields and the flows' states. Stops before a packet for which a flow would have to end
// that an earlier packet of this call refers to. Returns how many packets were taken, at least
// one; packets that are not IP are passed over. Their flows last until the next call, or until
// flow_expire().
unsigned flow_batch(struct flow_table *table, struct packet packets[], unsigned count);

// HOT. Ends flows that were idle for too long at `time_ns`.
void flow_expire(struct flow_table *table, int64_t time_ns);

// Ends all flows, the longest idle first within their class, and forgets them.
void flow_end_all(struct flow_table *table);

// HOT. From now on everything of the flow is to be dropped: `class` is FLOW_LISTED or
// FLOW_CONDEMNED.
void flow_condemn(struct flow_table *table, uint32_t id, enum flow_class class);

// HOT. A flow that was listed is a flow like others again.
void flow_release(struct flow_table *table, uint32_t id);

static inline bool flow_is_dropped(const struct flow *flow)
{
	return flow->idle_class >= FLOW_LISTED;
}

static inline struct flow *flow_at(const struct flow_table *table, uint32_t id)
{
	return (struct flow *)table->flows.memory + (id - 1);
}
