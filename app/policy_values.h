// app/policy_values.h — what the verbs of `policy` are asked, and what they share.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loader/config.h"
#include "loader/judge.h"
#include "loader/store.h"

struct policy_values {
	const char *config_path;
	const char **operands; // owned; the texts are argv's
	size_t operand_count;
	uint64_t hits; // promote: at least that many
	uint64_t days; // of hits
	uint64_t example_count;
	const char *why;
	bool is_undone;
	bool is_dry;
	bool has_json;
};

// Each does what the verb says; errors are logged. Returns the exit status.
int policy_explain(const struct policy_values *values);
int policy_diff(const struct policy_values *values);
int policy_promote(const struct policy_values *values);

// A judge of a few votes, with all facts of each. Returns as judge_create().
int policy_judge_create(const struct config *config, struct store *store, struct judge **ret_judge);

// Vote ids, each once, in order of their numbers.
struct policy_votes {
	uint64_t *ids;
	size_t count;
	size_t capacity;
};

int policy_votes_add(struct policy_votes *votes, uint64_t vote_id); // 0 or -ENOMEM
void policy_votes_sort(struct policy_votes *votes);                 // and drops doubles
void policy_votes_close(struct policy_votes *votes);

// For store_history() and the like: `context` is the struct policy_votes.
int policy_votes_take(void *context, const struct vote *vote);

// Why `judge` would not drop a value that was promoted; NULL: it would.
const char *policy_promotion_barred(const struct policy *policy, const struct judged_value *judged);
