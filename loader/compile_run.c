#include "loader/compile_run.h"

#include <errno.h>
#include <stdlib.h>

#include "loader/compile_vetoed.h"
#include "loader/compile_vote.h"

enum { VOTES_PER_PROGRESS = 4096 };

// A row of counts each, and one for what no row fits.
static int open_counts(struct compile_run *run)
{
	const struct policy *policy = run->config->policy;
	struct store_compile_result *result = run->result;

	result->rows = calloc(policy->row_count + 1, sizeof(*result->rows));
	if (result->rows == NULL)
		return -ENOMEM;
	result->row_count = policy->row_count + 1;
	for (unsigned i = 0; i < policy->row_count; i++)
		result->rows[i].name = policy->rows[i].name;
	result->rows[policy->row_count].name = "no row fits";
	return 0;
}

int compile_run_open(struct compile_run *run, const struct database *base)
{
	const struct judge_options options = {
		.store = run->store,
		.config = run->config,
		.now_ns = run->now_ns,
		.base = base,
		.is_single = base != NULL,
	};
	int error = open_counts(run);

	run->is_overlay = base != NULL;
	if (error == 0)
		error = judge_create(&options, &run->result->report, &run->judge);
	if (error == 0)
		error = build_create(&run->build);
	if (error == 0)
		error = compile_objects_read(run->store, run->judge, run->build, &run->objects);
	return error;
}

void compile_run_close(struct compile_run *run)
{
	compile_objects_free(run->objects);
	build_free(run->build);
	judge_free(run->judge); // after the build, which shares its veto set
	buffer_close(&run->json);
}

// Sources are counted by their ids, and packed when all votes are done.
static int count_of_source(struct compile_run *run, uint32_t source_id,
                           struct store_compile_count **ret_count)
{
	struct store_compile_result *result = run->result;

	if (source_id >= result->source_count) {
		struct store_compile_count *grown = reallocarray(result->sources, source_id + 1,
		                                                 sizeof(*grown));

		if (grown == NULL)
			return -ENOMEM;
		memset(grown + result->source_count, 0,
		       (source_id + 1 - result->source_count) * sizeof(*grown));
		result->sources = grown;
		result->source_count = source_id + 1;
	}
	*ret_count = &result->sources[source_id];
	if ((*ret_count)->name != NULL)
		return 0;
	struct slice name = arena_copy(&result->arena, judge_source_name(run->judge, source_id));
	if (name.data == NULL)
		return -ENOMEM;
	(*ret_count)->name = (const char *)name.data;
	return 0;
}

static int count_values(struct compile_run *run, const struct vote *vote,
                        const struct judgement *judgement)
{
	const struct policy *policy = run->config->policy;
	struct store_compile_result *result = run->result;
	struct store_compile_count *source;
	int error = count_of_source(run, vote->source_id, &source);

	if (error < 0)
		return error;
	for (size_t i = 0; i < judgement->value_count && error == 0; i++) {
		const struct judged_value *value = &judgement->values[i];
		enum action action = value->decision.action;
		size_t row = value->decision.row != NULL
		                     ? (size_t)(value->decision.row - policy->rows)
		                     : policy->row_count;

		result->actions[action]++;
		result->rows[row].actions[action]++;
		source->actions[action]++;
		if (value->decision.lowered_by != NULL) {
			result->lowered++;
			result->vetoed += value->facts.is_vetoed;
			if (value->facts.is_vetoed)
				error = compile_vetoed_note(result, vote, value);
		}
	}
	return error;
}

static int keep_object(struct compile_run *run, const struct vote *vote, uint32_t indicator_id)
{
	if (vote->object_place == 0 || vote->record.id.size == 0)
		return 0;
	buffer_clear(&run->json);
	int error = store_object_at(run->store, vote->object_place, &run->json);
	if (error == -ENOENT)
		return 0;
	if (error < 0)
		return error;
	return build_keep_object(run->build, indicator_id, vote->record.id,
	                         buffer_slice(&run->json));
}

static int add_vote(struct compile_run *run, const struct vote *vote,
                    const struct judgement *judgement)
{
	uint32_t indicator_id;
	int error = compile_vote_add(run->build, judgement, &run->result->report, &indicator_id);

	if (error < 0)
		return error;
	if (indicator_id == NO_INDICATOR) {
		run->result->ignored++;
		return 0;
	}
	error = compile_objects_refer(run->objects, &judgement->record, indicator_id);
	return error < 0 ? error : keep_object(run, vote, indicator_id);
}

int compile_run_vote(void *context, const struct vote *vote)
{
	struct compile_run *run = context;
	struct store_compile_result *result = run->result;
	struct judgement judgement;
	int error = judge_vote(run->judge, vote, compile_objects_tlp(run->objects, &vote->record),
	                       &judgement);

	if (error < 0)
		return error;
	if (++result->votes % VOTES_PER_PROGRESS == 0 && run->progress != NULL &&
	    !run->progress(run->context, result->votes))
		return -ECANCELED;
	switch (judgement.outcome) {
	case JUDGED_EXPIRED:
		result->expired++;
		return 0;
	case JUDGED_BENIGN:
		result->known_benign++;
		return 0;
	case JUDGED:
		break;
	}
	error = count_values(run, vote, &judgement);
	return error < 0 ? error : add_vote(run, vote, &judgement);
}

static void pack_sources(struct store_compile_result *result)
{
	unsigned count = 0;

	for (unsigned i = 0; i < result->source_count; i++)
		if (result->sources[i].name != NULL)
			result->sources[count++] = result->sources[i];
	result->source_count = count;
}

int compile_run_finish(struct compile_run *run, const struct build_origin *origin)
{
	pack_sources(run->result);
	if (!run->is_overlay) // whose base has it
		build_share_veto(run->build, judge_veto_set(run->judge));
	build_set_origin(run->build, origin);
	build_set_sign_key(run->build, run->config->sign_key_path);
	return compile_objects_settle(run->objects, &run->result->report);
}

void store_compile_result_close(struct store_compile_result *result)
{
	free(result->rows);
	free(result->sources);
	free(result->vetoed_drops);
	arena_close(&result->arena);
	report_clear(&result->report);
}
