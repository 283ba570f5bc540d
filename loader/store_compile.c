#include "loader/store_compile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/replacement.h"
#include "engine/overlay.h"
#include "loader/compile_file.h"
#include "loader/compile_overlay.h"
#include "loader/compile_rules.h"
#include "loader/compile_run.h"

static int64_t clock_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int find_rules(struct compile_run *run, uint64_t *ret_rules)
{
	struct judge_sources sources;
	int error = judge_sources_read(run->store, run->config, &sources);

	if (error < 0)
		return error;
	error = compile_rules_digest(run->config, &sources, run->now_ns, ret_rules);
	judge_sources_close(&sources);
	return error;
}

static struct build_origin origin_now(struct compile_run *run, uint64_t rules)
{
	struct build_origin origin = {.change = store_change_last(run->store), .rules = rules};

	store_uuid(run->store, origin.store_uuid);
	return origin;
}

static int write_base(struct compile_run *run)
{
	const char *path = run->config->database_path;
	AUTO(replacement) file = NULL;
	int error = replacement_open(path, &file);

	if (error == 0)
		error = build_write(run->build, replacement_descriptor(file), NULL,
		                    &run->result->report, &run->result->figures);
	if (error == 0)
		error = replacement_commit(file);
	if (error == 0)
		error = overlay_remove(path);
	return error;
}

// Running readers map the state file: it must be there before it is written to.
static int start_state(struct compile_run *run)
{
	AUTO(database) base = NULL;
	struct build_figures ignored;
	int error = compile_file_open_database(run->config->database_path, &base);

	if (error == 0)
		error = overlay_write(run->config->database_path, base, NULL, NULL, 0,
		                      &run->result->report, &ignored);
	return error;
}

// What changes while the votes are walked is later than the origin: the next update takes it in.
static int make_base(struct compile_run *run, uint64_t rules)
{
	const struct build_origin origin = origin_now(run, rules);
	int error = compile_run_open(run, NULL);

	if (error == 0)
		error = store_vote_each(run->store, compile_run_vote, run);
	if (error == 0)
		error = compile_run_finish(run, &origin);
	if (error == 0)
		error = write_base(run);
	compile_run_close(run);
	return error == 0 ? start_state(run) : error;
}

// Everything but what the caller set: who is told each problem.
static void clear_result(struct store_compile_result *result, const struct config *config)
{
	struct report report = {
		.input = config->database_path,
		.each = result->report.each,
		.each_context = result->report.each_context,
	};

	*result = (struct store_compile_result){.report = report};
}

int store_compile_base(struct store *store, const struct config *config, int64_t now_ns,
                       bool (*progress)(void *context, uint64_t votes_done), void *context,
                       struct store_compile_result *ret_result)
{
	struct compile_run run = {
		.store = store,
		.config = config,
		.now_ns = now_ns,
		.progress = progress,
		.context = context,
		.result = ret_result,
	};
	int64_t start_ns = clock_ns();
	uint64_t rules;

	clear_result(ret_result, config);
	int error = find_rules(&run, &rules);
	if (error == 0)
		error = make_base(&run, rules);
	ret_result->duration_ns = clock_ns() - start_ns;
	return error;
}

// Is the base of this store and these rules? Else *ret_base is NULL.
static int open_base(struct compile_run *run, const struct build_origin *now,
                     struct database **ret_base, struct build_origin *ret_origin)
{
	AUTO(database) base = NULL;
	int error = compile_file_open_database(run->config->database_path, &base);

	if (error == -ENOMEM)
		return error;
	bool is_ours = error == 0 && database_origin(base, ret_origin) &&
	               memcmp(ret_origin->store_uuid, now->store_uuid, sizeof(now->store_uuid)) ==
	                       0 &&
	               ret_origin->rules == now->rules && ret_origin->change <= now->change;
	*ret_base = is_ours ? TAKE(base) : NULL;
	return 0;
}

int store_compile_update(struct store *store, const struct config *config, int64_t now_ns,
                         bool (*progress)(void *context, uint64_t votes_done), void *context,
                         struct store_compile_result *ret_result)
{
	struct compile_run run = {
		.store = store,
		.config = config,
		.now_ns = now_ns,
		.progress = progress,
		.context = context,
		.result = ret_result,
	};
	AUTO(database) base = NULL;
	struct build_origin origin;
	int64_t start_ns = clock_ns();
	uint64_t rules;

	clear_result(ret_result, config);
	int error = find_rules(&run, &rules);
	if (error < 0)
		return error;

	const struct build_origin now = origin_now(&run, rules);
	error = open_base(&run, &now, &base, &origin);
	if (error == 0 && base != NULL)
		error = compile_overlay_update(&run, base, &origin, &now);
	if (error == 0 && (base == NULL || !(ret_result->is_overlay || ret_result->is_unchanged)))
		error = make_base(&run, rules);
	ret_result->duration_ns = clock_ns() - start_ns;
	return error;
}
