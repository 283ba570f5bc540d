// loader/store_delivery.h — what one fetch of one source brings into the store.
//
// begin → readers fill the sink → look at the counts → commit or abandon. One transaction: until
// the commit nothing is changed for anybody. Cursors noted by store_source_note() in between are
// part of it. A source whose fetch comes in pages commits one delivery a page.
//
// Votes are written by a helper thread while the next ones are read; whatever else is asked of the
// store meanwhile waits for it. Errors of the helper are told by a later call, settle at the
// latest.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loader/sink.h"
#include "loader/store.h"

struct store_delivery;

struct delivery_options {
	uint32_t source_id;
	int64_t time_ns;      // collection time
	bool is_complete;     // all that the source has: what is absent is withdrawn at commit
	bool is_known_benign; // its values are no threats
};

struct delivery_counts {
	uint64_t seen;    // votes delivered
	uint64_t added;   // new, or live again
	uint64_t changed; // a newer version of a live one
	uint64_t unchanged;
	uint64_t outdated; // older than what is known, or revoked before: not taken
	uint64_t removed;  // by the source: revoked, deleted, replaced by nothing
	uint64_t absent;   // of a complete delivery: to be withdrawn
	uint64_t live_before, live_after;
};

// Returns 0 and gives it to the caller (store_delivery_free); *its* sink goes to
// loader_create_into(). -EBUSY: another process is writing.
int store_delivery_begin(struct store *store, const struct delivery_options *options,
                         struct store_delivery **ret_delivery);
struct sink *store_delivery_sink(struct store_delivery *delivery);

// Settles what readers gave so far, and counts. After this nothing may be delivered any more.
int store_delivery_settle(struct store_delivery *delivery, struct delivery_counts *ret_counts);

// The fetch turned out not to be complete: nothing will be withdrawn for absence.
void store_delivery_is_partial(struct store_delivery *delivery);

// Makes it last, with an event. Returns 0, or an error: then nothing is changed.
int store_delivery_commit(struct store_delivery *delivery);

// Abandons what was not committed. Accepts NULL.
void store_delivery_free(struct store_delivery *delivery);
DEFINE_AUTO(store_delivery, store_delivery_free)
