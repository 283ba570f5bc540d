// loader/sync.h — sources into the store: what `sekisho sync` does.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/report.h"
#include "loader/config.h"
#include "loader/loader.h"
#include "loader/store_delivery.h"

enum sync_state {
	SYNC_DONE,
	SYNC_UNCHANGED, // the server or the bytes say so
	SYNC_HELD,      // a guard stopped it
	SYNC_FAILED,    // the last good data stay
	SYNC_STOPPED,
};
const char *sync_state_name(enum sync_state state);

// Of one source's run. All zero before; sync_outcome_close() when done.
struct sync_outcome {
	enum sync_state state;
	int error;
	uint64_t bodies, bytes;
	struct delivery_counts counts;
	struct feed_summary feed; // summed over bodies; its report has everything that was skipped
	int64_t duration_ns;
};
void sync_outcome_close(struct sync_outcome *outcome);

// What a source's error means, for people.
const char *sync_error_text(int error);

struct sync_options {
	const struct config *config;
	struct store *store; // STORE_WRITE
	bool is_full;        // everything anew
	bool (*is_stopped)(void *context);
	bool (*progress)(void *context, uint64_t bytes);
	void *context;
};

// Runs one source. *ret_outcome is always set. Returns 0 (also when the source failed: the outcome
// says), or an error of our own that ends it all (-ENOMEM, the store's, -ECANCELED).
int sync_source(const struct sync_options *options, const struct source_config *source,
                int64_t now_ns, struct sync_outcome *ret_outcome);

// Reaches for the source and says what is there, without touching the store's data.
struct buffer;
int sync_test(const struct sync_options *options, const struct source_config *source,
              struct report *report, struct buffer *ret_text);

// What a person does with a source, and why, for the audit trail.
struct sync_withdrawal {
	const char *source;
	const char *who;
	const char *why;
	int64_t time_ns;
};

// Ends all that lives of the source, and forgets its cursors: the next run takes everything again.
// Returns 0 and how many votes that were, -ENOENT (there is no such source), or the store's error.
int sync_withdraw(struct store *store, const struct sync_withdrawal *withdrawal,
                  uint64_t *ret_count);

// When the source is to be run next, by what the store knows of it: TIMESTAMP_MIN when it never
// was. Its interval after the last attempt, give or take a twentieth, so that not all members of a
// group ask at once; after failures sooner, then later and later. An attempt later than `now_ns`
// (the clock was set back) counts as none. Returns 0 or the store's error.
int sync_next_run(struct store *store, const struct source_config *source, int64_t now_ns,
                  int64_t *ret_due_ns);
