// loader/value_set.h — have we had this value? An exact set of short byte strings.
//
// One owner, one thread. About 10 bytes a value beside its own.
#pragma once

#include <stdbool.h>

#include "base/block.h"

enum { VALUE_SET_KEY_BYTES_MAX = 16 * 1024 };

// All zero is a valid, empty set.
struct value_set {
	struct block slots;  // struct value_slot: none or a power of two
	struct block values; // size and bytes of each
	size_t value_count;
	uint64_t seed; // random, so that a feed cannot be crafted to collide
};

// Adds a copy of `key` (at most VALUE_SET_KEY_BYTES_MAX). Returns 1 when it is new, 0 when the
// set had it, or -ENOMEM.
int value_set_add(struct value_set *set, struct slice key);

bool value_set_has(const struct value_set *set, struct slice key);

// Frees everything; the set is empty again.
void value_set_close(struct value_set *set);
