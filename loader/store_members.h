// loader/store_members.h — a source's votes by identity: what a delivery knows and learns.
//
// For store*.c only. One owner, one thread; 24 bytes a vote, and what an open table needs.
#pragma once

#include "base/block.h"

// A vote's identity within its source: keyed hashes of the STIX id and the creator, or of a list's
// value and its terms.
struct store_identity {
	uint64_t key;
	uint32_t owner;
};

enum { STORE_CONTENT_BITS = 56 };

struct store_member {
	uint64_t key;
	uint32_t owner;
	uint32_t vote_id;                      // 0: none
	uint64_t content : STORE_CONTENT_BITS; // hash of the version
	uint64_t end : 4;                      // enum vote_end
	uint64_t is_seen : 1;                  // by this delivery
};

// All zero is a valid, empty table.
struct store_members {
	struct block slots; // none or a power of two
	size_t count;
};

// NULL when it is not there. Valid until the next add.
struct store_member *store_members_find(const struct store_members *members,
                                        const struct store_identity *identity);

// Makes room for so many more. To be asked before many are added in the order of their keys: a
// table that grows meanwhile is crowded at its beginning. False when there is no memory.
bool store_members_reserve(struct store_members *members, size_t count);

// Adds one that is not there. Returns it (valid until the next add), or NULL when there is no
// memory.
struct store_member *store_members_add(struct store_members *members,
                                       const struct store_member *member);

// In no order of meaning: *cursor is 0 at first. NULL at the end.
struct store_member *store_members_next(const struct store_members *members, size_t *cursor);

void store_members_close(struct store_members *members);
