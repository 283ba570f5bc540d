#include <errno.h>
#include <stdlib.h>

#include "app/policy_values.h"
#include "app/time_argument.h"

int policy_votes_add(struct policy_votes *votes, uint64_t vote_id)
{
	if (votes->count == votes->capacity) {
		size_t capacity = votes->capacity > 0 ? votes->capacity * 2 : 64;
		uint64_t *grown = reallocarray(votes->ids, capacity, sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		votes->ids = grown;
		votes->capacity = capacity;
	}
	votes->ids[votes->count++] = vote_id;
	return 0;
}

static int compare_ids(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

void policy_votes_sort(struct policy_votes *votes)
{
	size_t kept = 0;

	if (votes->count > 0)
		qsort(votes->ids, votes->count, sizeof(*votes->ids), compare_ids);
	for (size_t i = 0; i < votes->count; i++)
		if (kept == 0 || votes->ids[i] != votes->ids[kept - 1])
			votes->ids[kept++] = votes->ids[i];
	votes->count = kept;
}

void policy_votes_close(struct policy_votes *votes)
{
	free(votes->ids);
	*votes = (struct policy_votes){};
}

int policy_votes_take(void *context, const struct vote *vote)
{
	return policy_votes_add(context, vote->vote_id);
}

int policy_judge_create(const struct config *config, struct store *store, struct judge **ret_judge)
{
	const struct judge_options options = {
		.store = store,
		.config = config,
		.now_ns = time_argument_now_ns(),
		.is_single = true,
		.is_thorough = true,
	};

	return judge_create(&options, NULL, ret_judge);
}

const char *policy_promotion_barred(const struct policy *policy, const struct judged_value *judged)
{
	struct policy_facts facts = judged->facts;
	struct policy_decision decision;

	facts.is_promoted = true;
	policy_decide(policy, &facts, &decision);
	if (decision.action == ACTION_DROP)
		return NULL;
	if (decision.lowered_by != NULL)
		return decision.lowered_by;
	return decision.row != NULL ? decision.row->name : "no row of the policy drops it";
}
