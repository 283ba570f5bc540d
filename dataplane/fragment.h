// dataplane/fragment.h — which flow the later fragments of a packet belong to.
//
// Only a packet's first fragment has ports. Its own are remembered for a while, by what makes
// the fragments of one packet: addresses, identification, and in IPv4 the protocol (RFC 791,
// section 3.2; RFC 8200, section 4.5). One owner, one thread. The memory is fixed: what was used
// least recently makes room. The hash has no secret, so that two runs forget the same; whoever
// crafts collisions only makes fragments forgotten.
#pragma once

#include "dataplane/decode.h"

struct fragment_head;

struct fragment_table {
	struct fragment_head *heads;
	uint64_t turn; // counts uses
};

// Returns 0, or -ENOMEM with *table untouched.
int fragment_table_open(struct fragment_table *table);

// Accepts an all-zero table.
void fragment_table_close(struct fragment_table *table);

// Forgets all, for the next capture.
void fragment_table_clear(struct fragment_table *table);

// HOT. The first fragment of a packet was dropped: the later ones follow it.
void fragment_drop(struct fragment_table *table, const struct packet *first);
bool fragment_is_dropped(const struct fragment_table *table, const struct packet *later);

// HOT. Gives the later fragments of packets[0..count) the protocol and ports of their first
// fragment, if that came before them and not more than 60 s ago; the others stay without.
void fragment_batch(struct fragment_table *table, struct packet packets[], unsigned count);
