// dataplane/fragment.h — packets that were cut into fragments, put together again.
//
// What makes the fragments of one packet: addresses, identification, and in IPv4 the protocol
// (RFC 791, section 3.2; RFC 8200, section 4.5). Only the first has ports: the others are given
// them, so that they belong to its flow. Their bytes are held until none is missing, for 60 s of
// packet time at most (RFC 8200, section 4.5; RFC 1122, section 3.3.2). In IPv4 the bytes that came
// first count; in IPv6 overlapping fragments discard their packet, and those of it that come later
// (RFC 5722), but for one that is the same as another. Lengths that contradict each other, or lead
// beyond 65,535 bytes, discard what is held.
//
// One owner, one thread. The memory is fixed. What is not put together gives way to what is new:
// first whoever began first, in the table of packets what was used least recently. The hash has no
// secret, so that two runs forget the same; whoever crafts collisions only makes fragments
// forgotten.
#pragma once

#include "dataplane/decode_parts.h"
#include "dataplane/pool.h"

struct fragment_head;

struct fragment_table {
	bool has_first_only; // the others never come, so nothing is held; set by the owner
	struct fragment_head *heads;
	struct pool blocks;  // bytes that are held
	uint8_t *wholes;     // packets that were put together in this batch
	size_t wholes_bytes; // of them
	uint32_t oldest;     // of heads that hold something, in order of their beginning: 1 + index
	uint32_t newest;
	uint64_t turn;        // counts uses
	uint64_t whole_count; // packets put together
	uint64_t given_up;    // packets that were not: too late, no room
	uint64_t discarded;   // packets for overlaps or lengths
	uint64_t overlapping; // fragments
};

// Returns 0, or -ENOMEM with *table untouched.
int fragment_table_open(struct fragment_table *table);

// Accepts an all-zero table.
void fragment_table_close(struct fragment_table *table);

// Forgets all, for the next capture. What was held is given up.
void fragment_table_clear(struct fragment_table *table);

// HOT. Another batch begins: what fragment_take() gave is gone.
void fragment_batch(struct fragment_table *table);

// HOT. Takes `packet`, a fragment, with what its IP headers gave. A later one is given the protocol
// and ports of the first, if that came before it; a first one whose bytes are held becomes a
// carrier. True when none is missing any more: *ret_whole is the IP packet, with a header of ours,
// until the next batch.
bool fragment_take(struct fragment_table *table, struct packet *packet,
                   const struct ip_layer *layer, struct slice *ret_whole);

// HOT. Gives up what is held for too long at `time_ns`, of whatever packets. Without it, its own
// packet's fragments, and others that need the room, see to that: so what becomes of a packet does
// not depend on others', but for room.
void fragment_expire(struct fragment_table *table, int64_t time_ns);

// HOT. A packet's first fragment, or what was put together, was dropped: so is what comes of it in
// the next 60 s, sent again or not.
void fragment_drop(struct fragment_table *table, const struct packet *packet);
bool fragment_is_dropped(const struct fragment_table *table, const struct packet *packet);
