#include "loader/compile_overlay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/overlay.h"
#include "loader/compile_file.h"
#include "loader/intake_value.h"
#include "loader/judge_counts.h"
#include "loader/judge_sources.h"
#include "loader/store_select.h"
#include "loader/value_code.h"

// A change may touch this many votes for each that is allowed to change: those that share a value.
enum { SHARERS_PER_CHANGE = 8 };

struct gathering {
	struct compile_run *run;
	struct judge_sources sources;
	struct judge_ids ids;      // of votes to decide anew; again and again, sorted at the end
	struct judge_ids overlaid; // of the overlay that is there
	size_t ids_max;            // more make a new base
	struct judge_ids silent;   // as uint64_t: ids of the base
	bool is_too_much;          // a new base is needed
	bool looks_at_counts;
};

static size_t id_count(const struct judge_ids *ids)
{
	return ids->ids.size / sizeof(uint64_t);
}

static uint64_t id_at(const struct judge_ids *ids, size_t i)
{
	return ((const uint64_t *)ids->ids.data)[i];
}

// -EOVERFLOW ends the walks: too many.
static int take_id(void *context, uint64_t vote_id)
{
	struct gathering *gathering = context;

	if (id_count(&gathering->ids) >= gathering->ids_max)
		return -EOVERFLOW;
	return judge_ids_add(&gathering->ids, vote_id);
}

static int take_sharer(void *context, const struct vote *vote)
{
	return take_id(context, vote->vote_id);
}

// Votes that share a value with a version of a changed one: its naming counts for them.
static int take_sharers(void *context, const struct vote *vote)
{
	struct gathering *gathering = context;
	struct store *store = gathering->run->store;
	struct intake_value value;
	size_t cursor = 0;
	int error = 0;
	int result = 0;

	while (error == 0 && (result = value_code_next(vote->values, &cursor, &value)) == 1)
		error = store_vote_of_value(store, value_code_hash(store_value_seed(store), &value),
		                            take_sharer, gathering);
	return error < 0 ? error : result;
}

// One that is in the veto set, or was: all values may be decided otherwise.
static int look_at_changed(void *context, const struct vote *vote)
{
	struct gathering *gathering = context;
	const struct judge_source *source = judge_sources_get(&gathering->sources, vote->source_id);

	gathering->is_too_much |= vote->is_known_benign || source->role != SOURCE_INDICATORS;
	return 0;
}

static int take_overlaid(struct gathering *gathering, const struct database *overlay)
{
	struct indicator record;
	int error = 0;

	for (uint32_t id = 1; error == 0 && database_indicator(overlay, id, &record); id++)
		if (record.store_id != 0)
			error = judge_ids_add(&gathering->overlaid, record.store_id);
	return error;
}

// Votes of the overlay that is there stay in it: they are silent in the base. *ret_is_current: it
// is of the same votes and rules.
static int look_at_overlay(struct gathering *gathering, const struct build_origin *now,
                           bool *ret_is_current)
{
	AUTO(database) overlay = NULL;
	struct build_origin origin;
	char *path;
	int error;

	*ret_is_current = false;
	if (asprintf(&path, "%s.overlay", gathering->run->config->database_path) < 0)
		return -ENOMEM;
	error = compile_file_open_database(path, &overlay);
	free(path);
	if (error < 0)
		return error == -ENOMEM ? error : 0;
	if (!database_origin(overlay, &origin) ||
	    memcmp(origin.store_uuid, now->store_uuid, sizeof(now->store_uuid)) != 0)
		return 0;
	*ret_is_current = memcmp(&origin, now, sizeof(origin)) == 0;
	return *ret_is_current ? 0 : take_overlaid(gathering, overlay);
}

static int gather_changed(struct gathering *gathering, uint64_t since)
{
	struct store *store = gathering->run->store;
	int error = store_change_each(store, since, take_id, gathering);
	size_t changed_count = id_count(&gathering->ids);

	if (changed_count > gathering->run->config->overlay_votes_max)
		return -EOVERFLOW;
	gathering->ids_max = (changed_count + 1) * SHARERS_PER_CHANGE +
	                     gathering->run->config->overlay_votes_max +
	                     id_count(&gathering->overlaid);
	for (size_t i = 0; i < changed_count && error == 0; i++) {
		uint64_t vote_id = id_at(&gathering->ids, i);

		error = store_vote_get(store, vote_id, look_at_changed, gathering);
		if (error == 0 && gathering->looks_at_counts)
			error = store_select_versions(store, vote_id, take_sharers, gathering);
		if (error == -ENOENT) // discarded for good
			error = 0;
	}
	for (size_t i = 0; i < id_count(&gathering->overlaid) && error == 0; i++)
		error = take_id(gathering, id_at(&gathering->overlaid, i));
	return error;
}

static int add_vote(void *context, const struct vote *vote)
{
	return vote->end == VOTE_LIVE ? compile_run_vote(context, vote) : 0;
}

// Each affected vote once: into the overlay, and out of the base.
static int add_votes(struct gathering *gathering, const struct database *base)
{
	struct compile_run *run = gathering->run;
	int error = 0;

	judge_ids_sort(&gathering->ids);
	for (size_t i = 0; i < id_count(&gathering->ids) && error == 0; i++) {
		uint64_t vote_id = id_at(&gathering->ids, i);
		uint32_t base_id;

		if (i > 0 && vote_id == id_at(&gathering->ids, i - 1))
			continue;
		base_id = database_indicator_of_store(base, vote_id);
		if (base_id != NO_INDICATOR)
			error = judge_ids_add(&gathering->silent, base_id);
		if (error == 0)
			error = store_vote_get(run->store, vote_id, add_vote, run);
		if (error == -ENOENT)
			error = 0;
	}
	return error;
}

static int write_overlay(struct gathering *gathering, const struct database *base)
{
	struct compile_run *run = gathering->run;
	size_t count = id_count(&gathering->silent);
	uint32_t *ids = calloc(count + 1, sizeof(*ids));
	int error;

	if (ids == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		ids[i] = (uint32_t)id_at(&gathering->silent, i);
	error = overlay_write(run->config->database_path, base, run->build, ids, count,
	                      &run->result->report, &run->result->figures);
	free(ids);
	if (error == 0) {
		run->result->silenced = count;
		run->result->is_overlay = true;
	}
	return error;
}

static int make_overlay(struct gathering *gathering, const struct database *base,
                        const struct build_origin *now)
{
	struct compile_run *run = gathering->run;
	int error = compile_run_open(run, base);

	if (error == 0)
		error = add_votes(gathering, base);
	if (error == 0)
		error = compile_run_finish(run, now);
	if (error == 0)
		error = write_overlay(gathering, base);
	compile_run_close(run);
	return error;
}

static int update(struct gathering *gathering, const struct database *base,
                  const struct build_origin *origin, const struct build_origin *now)
{
	struct compile_run *run = gathering->run;
	bool is_current;
	int error = look_at_overlay(gathering, now, &is_current);

	if (error == 0 && !is_current && origin->change == now->change)
		is_current = id_count(&gathering->overlaid) == 0;
	if (error == 0 && is_current) {
		run->result->is_unchanged = true;
		return 0;
	}
	if (error == 0)
		error = gather_changed(gathering, origin->change);
	if (error == -EOVERFLOW || gathering->is_too_much)
		return 0;
	return error == 0 ? make_overlay(gathering, base, now) : error;
}

int compile_overlay_update(struct compile_run *run, const struct database *base,
                           const struct build_origin *origin, const struct build_origin *now)
{
	const struct policy *policy = run->config->policy;
	struct gathering gathering = {
		.run = run,
		.looks_at_counts = policy_looks_at(policy, POLICY_SOURCE_COUNT) ||
	                           policy_looks_at(policy, POLICY_POSTER_COUNT),
	};
	int error = judge_sources_read(run->store, run->config, &gathering.sources);

	gathering.ids_max = (size_t)run->config->overlay_votes_max + 1;
	if (error == 0)
		error = update(&gathering, base, origin, now);
	judge_sources_close(&gathering.sources);
	judge_ids_close(&gathering.ids);
	judge_ids_close(&gathering.overlaid);
	judge_ids_close(&gathering.silent);
	return error;
}
