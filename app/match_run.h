// app/match_run.h — captures through the workers, their hits to the sightings side.
#pragma once

#include "app/capture_list.h"
#include "app/match_state.h"
#include "dataplane/dataplane.h"
#include "engine/match.h"
#include "sightings/sightings.h"

struct match_run_options {
	const struct database *database;
	const struct capture_list *captures;
	unsigned job_count; // workers
	struct traffic_settings traffic;
	bool is_quiet; // no progress bar
	// Told of what was read to its end; of what was not, no hits are told. NULL: none.
	struct match_state *state;
};

struct match_run_result {
	struct dataplane_counters counters;
	unsigned unreadable_count; // captures that could not be read at all
	int64_t duration_ns;
};

// Matches every capture (there may be none) and adds the hits to `sightings`. Ends early, as if the
// captures ended there, when a signal asks to stop. Errors and warnings are logged. Returns 0 and
// sets *ret_result, or an error that ended it all.
int match_run(const struct match_run_options *options, struct sightings *sightings,
              struct match_run_result *ret_result);
