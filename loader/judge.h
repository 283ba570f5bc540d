// loader/judge.h — the store's votes before the policy: every fact of every value, and the
// decision.
//
// What compiles asks it of all votes; what explains, of some. The counts of sources and posters are
// either read for all values at once, or asked for value by value. One owner, one thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "engine/match.h"
#include "loader/config.h"
#include "loader/policy.h"
#include "loader/store.h"

struct buffer;
struct intake_value;
struct judge;

struct judge_options {
	struct store *store;
	const struct config *config;
	const struct policy *policy; // NULL: the configuration's
	int64_t now_ns;
	const struct database *base; // its veto set is asked; NULL: one is made
	bool is_single;              // counts are asked for value by value: a few votes, not all
	bool is_thorough; // with is_single: all facts are found out, needed or not, and of votes
	                  // that are not compiled too
};

// `report` is told what cannot be vetoed. Everything in `options` is borrowed. Returns 0 and gives
// it to the caller (judge_free), -ENOMEM, the store's error, or that of a file in memory.
int judge_create(const struct judge_options *options, struct report *report,
                 struct judge **ret_judge);

// Accepts NULL.
void judge_free(struct judge *judge);
DEFINE_AUTO(judge, judge_free)

// Decides by another table from now on, which is borrowed. Returns 0, -ENOMEM, or the store's
// error.
int judge_set_policy(struct judge *judge, const struct policy *policy);

// Whose database is to be given the same veto set.
const struct database *judge_veto_set(const struct judge *judge);

// The name that counts of a source; empty when there is none of that id.
struct slice judge_source_name(const struct judge *judge, uint32_t source_id);

enum judge_outcome {
	JUDGED,         // `values` are decided
	JUDGED_EXPIRED, // past its validity: not compiled
	JUDGED_BENIGN,  // says what is no threat: in the veto set, not compiled
};

struct judged_value {
	const struct intake_value *value;
	struct policy_facts facts;
	struct policy_decision decision;
	struct indicator veto; // whoever vetoes it, when facts.is_vetoed
};

struct judgement {
	enum judge_outcome outcome;
	struct indicator record;  // source, group, hiding, TLP, action and tags are set
	bool has_same_subdomains; // of the source
	enum action action;       // the strongest of its values'
	const struct judged_value *values;
	size_t value_count;
};

// Valid until the next call; the record borrows from the vote. `tlp` is what counts of the vote
// (its record's, or one made stricter by its markings). Returns 0, -ENOMEM or the store's error.
// Values that cannot be read (a damaged store) are left out.
int judge_vote(struct judge *judge, const struct vote *vote, enum tlp tlp,
               struct judgement *ret_judgement);

// The same, its markings found by the judge itself among the store's objects.
int judge_vote_settled(struct judge *judge, const struct vote *vote,
                       struct judgement *ret_judgement);

// Appends the value as it is compared: "192.0.2.0/24", "evil.example", "http://host/path", hex.
void judge_value_text(const struct judged_value *judged, struct buffer *text);

// The live votes whose value covers `text` and is another: a name above it, a network around it; by
// hash, so that no vote is looked at in vain. Vote ids may come twice. Returns 0, the store's
// error, or that of `visit`; what is no name, address or network is covered by nothing.
int judge_find_covering(struct store *store, struct slice text, store_vote_fn *visit,
                        void *context);
