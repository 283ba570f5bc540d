// loader/store_select.h — votes that must be known before others can be decided.
#pragma once

#include "loader/store.h"

// The live votes of a source, in order of vote_id.
int store_select_of_source(struct store *store, uint32_t source_id, store_vote_fn *visit,
                           void *context);

// The live votes that say what is known-benign, whatever their source's role, in order of vote_id.
int store_select_known_benign(struct store *store, store_vote_fn *visit, void *context);

// The live votes whose validity ended at `now_ns` or before, in order of vote_id.
int store_select_expired(struct store *store, int64_t now_ns,
                         int (*visit)(void *context, uint64_t vote_id), void *context);

// The vote with each of its versions, oldest first. Nothing for one that is not there any more.
int store_select_versions(struct store *store, uint64_t vote_id, store_vote_fn *visit,
                          void *context);
