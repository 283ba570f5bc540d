// app/sync_round.h — one round of `sekisho sync`: sources that are due, then the database.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loader/config.h"
#include "loader/sync.h"

// What every round of a run has in common.
struct sync_run {
	const char *const *names; // only these sources; none: all that are enabled
	unsigned name_count;
	bool is_full;
	bool is_uncompiled; // --no-compile
	bool is_quiet;
	bool has_json;
	bool is_waiting; // for another sync that is at work; else that is an error
	// Told now and then that work goes on; NULL.
	void (*alive)(void *context);
	void *context;
};

struct sync_round_result {
	unsigned run_count;
	unsigned failed_count; // failed or held
	bool has_new_database; // or a new overlay or state beside it
	int64_t next_due_ns;   // of the earliest source; TIMESTAMP_MAX: there is none
};

// Runs the sources that are due at `now_ns`, or all with `is_everything`, one line each on standard
// output, and brings the database up to date. Returns 0 (also when sources failed: the result
// says), -EINTR when a signal stopped it, or an error, which is told.
int sync_round(const struct sync_run *run, const struct config *config, bool is_everything,
               struct sync_round_result *ret_result);
