// loader/guard_run.h — does what a source adds to what it gave before stay within bounds?
//
// A source that tells what is new, page by page, commits each page by itself, so that a run which
// breaks off loses nothing. Its guard looks at all pages since a run ended well, also of runs that
// broke off or were held: else a flood would pass in pieces. The page that would pass the bound is
// held, and the run with it; those before it stay. Once accepted, runs pass until one ends well,
// however much they gain: how much is to come nobody knows beforehand. A source's first run is
// never held.
#pragma once

#include "loader/store_delivery.h"

// What `counts`, of a delivery that is not complete, come to with those since a run ended well.
// Returns 1, 0 when none ever did, or the store's error.
int guard_run_counts(struct store *store, uint32_t source_id, const struct delivery_counts *counts,
                     struct delivery_counts *ret_since);

// The delivery is going to be committed: part of it. Returns 0 or the store's error.
int guard_run_note(struct store *store, uint32_t source_id, const struct delivery_counts *counts);

// A run ended well, and this many votes live. Returns 0 or the store's error.
int guard_run_end(struct store *store, uint32_t source_id, uint64_t live);
