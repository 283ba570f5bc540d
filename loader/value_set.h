// loader/value_set.h — have we had this value? An exact set of short byte strings.
//
// One owner, one thread. About 10 bytes a value beside its own.
#pragma once

#include <stdbool.h>

#include "base/slice.h"

enum { VALUE_SET_KEY_BYTES_MAX = 16 * 1024 };

struct value_slot;

// All zero is a valid, empty set.
struct value_set {
	struct value_slot *slots;
	size_t slot_count; // 0 or a power of two
	size_t value_count;
	uint8_t **chunks;
	size_t chunk_count;
	size_t chunk_used; // of the newest
	uint64_t seed;     // random, so that a feed cannot be crafted to collide
};

// Adds a copy of `key` (at most VALUE_SET_KEY_BYTES_MAX). Returns 1 when it is new, 0 when the
// set had it, or -ENOMEM.
int value_set_add(struct value_set *set, struct slice key);

// Frees everything; the set is empty again.
void value_set_close(struct value_set *set);
