// loader/stix1_index.h — what the ids of a STIX 1.x package stand for.
//
// Ids and what they stand for lie in the reader's arena; the table itself is freed by
// stix1_index_close().
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"

struct stix1_pending;
struct stix1_term;

struct stix1_entry {
	struct slice id;
	struct stix1_term *term; // observables, objects, indicators
	struct stix1_pending
		*indicator; // of an indicator; or of an observable that may stand alone
	struct slice title; // TTPs
	bool is_referred;
};

// All zero is a valid, empty index.
struct stix1_index {
	uint64_t seed;
	struct stix1_entry *entries; // in the order of definition
	size_t count, capacity;
	uint32_t *slots; // index into entries + 1, 0 free
	size_t slot_count;
};

// The entry of `id` (borrowed), made when there is none; valid until the next one is made. NULL:
// no memory.
struct stix1_entry *stix1_index_define(struct stix1_index *index, struct slice id);

// NULL when nothing has that id.
struct stix1_entry *stix1_index_find(const struct stix1_index *index, struct slice id);

void stix1_index_close(struct stix1_index *index);
