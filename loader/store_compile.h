// loader/store_compile.h — the store's live votes into a database, under a policy.
//
// The whole of it makes a base (engine/build.h) with the veto set inside; what changed since makes
// an overlay beside it (engine/overlay.h): small, in milliseconds, and words in the state file.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/report.h"
#include "engine/build.h"
#include "loader/config.h"
#include "loader/store.h"

// Values by what was decided of them.
struct store_compile_count {
	const char *name; // of the row or source
	uint64_t actions[ACTION_COUNT];
};

enum { STORE_COMPILE_VETOED_MAX = 1000 };

// A drop that the veto set made an alert.
struct store_compile_vetoed {
	uint32_t source_id;
	uint64_t vote_id;
	const char *subject; // the value
	const char *reason;
};

struct store_compile_result {
	bool is_overlay;
	bool is_unchanged;                // the database was up to date: nothing was written
	uint64_t votes;                   // live ones looked at
	uint64_t expired;                 // past validity: not compiled
	uint64_t known_benign;            // in the veto set, not compiled
	uint64_t ignored;                 // votes of which nothing is looked for
	uint64_t actions[ACTION_COUNT];   // values, by what was decided
	uint64_t vetoed;                  // drops lowered by the veto set
	uint64_t lowered;                 // drops lowered for any reason, with those
	uint64_t silenced;                // of the base, by state words
	uint64_t veto_entries;            // in the veto set
	struct store_compile_count *rows; // by row of the policy, then one for what no row fits
	unsigned row_count;
	struct store_compile_count *sources; // that had a vote, in order of their ids
	unsigned source_count;
	struct store_compile_vetoed *vetoed_drops; // the first of them, without attacked sites
	unsigned vetoed_drop_count;
	uint64_t vetoed_further; // not among those
	struct arena arena;      // of names and texts
	struct build_figures figures;
	int64_t duration_ns;
	struct report report;
};

// Frees what it holds. Names of rows are the configuration's.
void store_compile_result_close(struct store_compile_result *result);

// Makes a whole new base at `config->database_path` (renamed into place; the overlay and state of
// the one before go). `now_ns` is what ages and validity are measured against. *ret_result is
// always set (store_compile_result_close); its report.each and each_context are kept as the caller
// set them. `progress` as of loader_read_feed(), told votes done.
// Returns 0, -ECANCELED, -ENOMEM, the store's or the file's error.
int store_compile_base(struct store *store, const struct config *config, int64_t now_ns,
                       bool (*progress)(void *context, uint64_t votes_done), void *context,
                       struct store_compile_result *ret_result);

// Brings the database up to date the cheapest way: nothing, an overlay, or a new base.
int store_compile_update(struct store *store, const struct config *config, int64_t now_ns,
                         bool (*progress)(void *context, uint64_t votes_done), void *context,
                         struct store_compile_result *ret_result);

// Puts vetoed drops into the review queue, REVIEW_OPEN_MAX of a source at most; one item, of no
// source, says how many more there are. Returns 0 or the store's error.
int store_compile_queue_vetoed(struct store *store, const struct store_compile_result *result,
                               int64_t now_ns);
