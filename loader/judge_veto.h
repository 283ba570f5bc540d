// loader/judge_veto.h — what no drop may touch: one's own, what is known-benign, sites under
// attack.
//
// Made from the configuration and the store's votes for a new base; of an overlay, the base's is
// asked. One owner, one thread.
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "engine/match.h"
#include "loader/config.h"
#include "loader/judge_counts.h"
#include "loader/judge_sources.h"

struct intake_value;
struct judge_veto;

// The labels of the veto set's records: why a value is in it.
#define VETO_LABEL_OWN          "own"
#define VETO_LABEL_KNOWN_BENIGN "known-benign"
#define VETO_LABEL_ATTACKED     "under attack"

struct judge_veto_options {
	struct store *store;
	const struct config *config;
	const struct judge_sources *sources;
};

// Makes the set. Returns 0 and gives it to the caller (judge_veto_free), -ENOMEM, the store's
// error, or that of a file in memory. `report` is told what cannot be vetoed.
int judge_veto_make(const struct judge_veto_options *options, struct report *report,
                    struct judge_veto **ret_veto);

// That of an open database, borrowed. Returns 0 or as match_context_create().
int judge_veto_of(const struct database *database, struct judge_veto **ret_veto);

// Accepts NULL.
void judge_veto_free(struct judge_veto *veto);
DEFINE_AUTO(judge_veto, judge_veto_free)

// The database that holds the set (build_share_veto()).
const struct database *judge_veto_database(const struct judge_veto *veto);

// The votes that say what is known-benign although their source's role is another.
const struct judge_ids *judge_veto_known_benign(const struct judge_veto *veto);

// Does the set cover all of the value? Of a pattern that is not known: it is asked at the hit. What
// is partly covered is not covered: its parts are protected at the hit. *ret_record is valid as
// long as `veto`.
bool judge_veto_covers(const struct judge_veto *veto, const struct intake_value *value,
                       struct indicator *ret_record);
