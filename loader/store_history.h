// loader/store_history.h — what was, and what differs: versions, differences, events.
#pragma once

#include "loader/store.h"

// The vote and all its versions, oldest first: by vote id, by STIX id, or by value (all votes).
int store_history(struct store *store, struct slice id_or_value, store_vote_fn *visit,
                  void *context);

enum store_difference { DIFFERENCE_ADDED, DIFFERENCE_CHANGED, DIFFERENCE_WITHDRAWN };

// What differs between two times: votes that came, got a new version, or went in (from, until].
int store_diff(struct store *store, int64_t from_ns, int64_t until_ns, uint32_t source_id_or_0,
               int (*visit)(void *context, enum store_difference difference,
                            const struct vote *vote),
               void *context);

// ---- audit -----------------------------------------------------------------------------------

struct store_event {
	uint64_t event_id;
	int64_t time_ns;
	const char *who;  // "sync", or the name of the person's account
	const char *what; // "delivery", "held", "accepted", "promoted", "purged" …
	uint32_t source_id;
	uint64_t vote_id;
	const char *why; // free text
};
int store_event_add(struct store *store, const struct store_event *event);
int store_event_each(struct store *store, int64_t from_ns, uint64_t vote_id_or_0,
                     int (*visit)(void *context, const struct store_event *event), void *context);
