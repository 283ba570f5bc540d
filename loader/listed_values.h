// loader/listed_values.h — which indicators of a run name a value, for difference lists.
//
// Most runs take nothing back: values are only written down (16 bytes each) until the first
// question, and indexed then. One owner, one thread.
#pragma once

#include <stdint.h>

#include "base/block.h"

// All zero but `seed` is a valid, empty list. Fields are listed_values.c's own.
struct listed_values {
	struct block entries; // struct listed_value
	struct block slots;   // of the index: entry numbers; none or a power of two
	uint64_t entry_count;
	uint64_t indexed_count;
	uint64_t seed; // random, so that a feed cannot be crafted to collide
};

// `value_hash` is never 0. Returns 0 or -ENOMEM.
int listed_values_add(struct listed_values *values, uint64_t value_hash, uint32_t indicator_id);

// Takes out the indicators that name the value, one a call: *ret_indicator_id. Returns 1, 0 when
// there is none (left), or -ENOMEM.
int listed_values_take(struct listed_values *values, uint64_t value_hash,
                       uint32_t *ret_indicator_id);

// Frees everything; the list is empty again.
void listed_values_close(struct listed_values *values);
