// loader/store_review.h — the queue of what a person should look at.
#pragma once

#include "loader/store.h"

enum review_kind {
	REVIEW_DELIVERY,  // a fetch that a guard stopped: lost or gained too much
	REVIEW_VALUE,     // a value that the screen refused
	REVIEW_CONSIDER,  // listed by members and not applied here
	REVIEW_WITHDRAWN, // applied here and withdrawn upstream
	REVIEW_PATTERN,   // held for its shape: negative
	REVIEW_VETOED,    // a drop that the veto set makes an alert
};
const char *review_kind_name(enum review_kind kind);
enum { REVIEW_OPEN_MAX = 1000 }; // of a kind and source, where what queues them is bounded
enum review_state { REVIEW_OPEN, REVIEW_ACCEPTED, REVIEW_REJECTED };

struct review {
	uint64_t review_id;
	enum review_kind kind;
	enum review_state state;
	uint32_t source_id;
	uint64_t vote_id;    // 0: none
	const char *subject; // the value, or what the delivery was
	const char *reason;
	int64_t time_ns; // first
	uint64_t count;  // how often since
	const char *decided_by;
	int64_t decided_ns;
};

// Adds, or counts again where the same (kind, source, subject) is there. *ret_state: what a person
// decided of it before, REVIEW_OPEN when nothing.
int store_review_add(struct store *store, const struct review *review,
                     enum review_state *ret_state);

// What waits outside the queue, whose items of a kind and source are bounded: one item, which says
// how many, `count`; with 0 it goes.
int store_review_further(struct store *store, enum review_kind kind, uint32_t source_id,
                         uint64_t count, int64_t time_ns);
// Open items, without that one.
int store_review_open_count(struct store *store, enum review_kind kind, uint32_t source_id,
                            uint64_t *ret_count);

int store_review_each(struct store *store, enum review_state state,
                      int (*visit)(void *context, const struct review *review), void *context);
// Returns 0, -ENOENT, -EALREADY (decided), or an error. Writes the event, too. REVIEW_CONSIDER
// accepted promotes its vote (store_promote()).
int store_review_decide(struct store *store, uint64_t review_id, enum review_state state,
                        const char *who);
// Is it there, decided or not? Returns 1, 0 or an error.
int store_review_has(struct store *store, enum review_kind kind, uint32_t source_id,
                     const char *subject);
// What was decided of a subject; REVIEW_OPEN when nothing.
int store_review_state(struct store *store, enum review_kind kind, uint32_t source_id,
                       const char *subject, enum review_state *ret_state);
