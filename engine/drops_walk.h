// engine/drops_walk.h — a walk over the entries of one database, for drops.c and drops_mark.c.
#pragma once

#include "engine/database_parts.h"
#include "engine/drops.h"

enum family { FAMILY_IPV4, FAMILY_IPV6, FAMILY_COUNT };

// The rows of one family, in the order of the tables: that of networks, and hashes of hosts.
struct drop_rows {
	struct block families[FAMILY_COUNT]; // struct drop
};

// A walk over the entries of one database: the base, its overlay, or a veto set.
struct walk {
	const struct database *part;
	struct drop_rows *rows;
	// Of each entry: not 0 ends the walk.
	int (*add_entry)(struct walk *walk, const struct prefix *prefix, uint32_t reference,
	                 const struct packed_terms *usual_terms);
	void *context;               // add_entry's own
	const struct database *base; // of drops: whose veto sets are asked, and silence
	uint32_t id_offset;
	int64_t now_ns;
	int64_t next_change_ns;
};

// Calls walk->add_entry for every address and network of walk->part, in the order of the tables.
int drops_walk_part(struct walk *walk);

// Adds what of an entry is a drop now to walk->rows, in order of its postings.
int drops_walk_add(struct walk *walk, const struct prefix *prefix, uint32_t reference,
                   const struct packed_terms *usual_terms);

// Visits the rows in the order of database_each_drop(), and closes them. Returns 0, -ENOMEM, or
// what `visit` returned.
int drops_walk_visit(struct drop_rows *rows, int (*visit)(void *context, const struct drop *drop),
                     void *context);

void drops_walk_close(struct drop_rows *rows);
