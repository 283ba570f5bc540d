// base/arena.h — many small allocations, freed all at once.
//
// One owner, one thread. What is allocated stays where it is until arena_reset() or
// arena_close().
#pragma once

#include <stddef.h>

#include "base/slice.h"

struct arena_block;

// All zero is a valid, empty arena.
struct arena {
	struct arena_block *newest;
	size_t total_bytes; // asked of the system
};

// `size` bytes aligned to 8, not zeroed; NULL when there is no memory.
void *arena_allocate(struct arena *arena, size_t size);

// Copies `slice` (and a NUL behind it, not counted). data is NULL when there is no memory.
struct slice arena_copy(struct arena *arena, struct slice slice);

// Forgets everything allocated, keeps the newest block for reuse.
void arena_reset(struct arena *arena);

// Frees everything; the arena is empty again.
void arena_close(struct arena *arena);
