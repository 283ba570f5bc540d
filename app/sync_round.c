#include "app/sync_round.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/compile_store_print.h"
#include "app/config_source.h"
#include "app/progress.h"
#include "app/stop.h"
#include "app/sync_lock.h"
#include "app/sync_print.h"
#include "app/sync_push.h"
#include "app/text.h"
#include "base/log.h"
#include "loader/store_compile.h"
#include "loader/sync_consider.h"
#include "loader/sync_purge.h"

// What the callbacks of one piece of work need.
struct work {
	const struct sync_run *run;
	struct progress progress;
};

static bool is_stopped(void *context)
{
	const struct work *work = context;

	if (work->run->alive != NULL)
		work->run->alive(work->run->context);
	return stop_signal() != 0;
}

static bool goes_on(void *context, uint64_t done)
{
	struct work *work = context;

	progress_update(&work->progress, done);
	return !is_stopped(context);
}

static int64_t wall_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static bool is_wanted(const struct sync_run *run, const struct source_config *source)
{
	for (unsigned i = 0; i < run->name_count; i++)
		if (strcmp(run->names[i], source->name) == 0)
			return true;
	return run->name_count == 0 && source->is_enabled;
}

static void print_outcome(const struct sync_run *run, const struct source_config *source,
                          const struct sync_outcome *outcome)
{
	if (run->has_json)
		sync_print_source_json(stdout, source, outcome);
	else if (!run->is_quiet || outcome->state == SYNC_FAILED || outcome->state == SYNC_HELD)
		sync_print_source(stdout, source, outcome);
	(void)fflush(stdout);
}

static int run_source(const struct sync_run *run, const struct config *config, struct store *store,
                      const struct source_config *source, struct sync_round_result *result)
{
	struct work work = {.run = run};
	struct sync_outcome outcome;
	const struct sync_options options = {
		.config = config,
		.store = store,
		.is_full = run->is_full,
		.is_stopped = is_stopped,
		.progress = goes_on,
		.context = &work,
	};

	progress_start(&work.progress, source->name, 0, run->is_quiet);
	int error = sync_source(&options, source, wall_now_ns(), &outcome);
	progress_end(&work.progress);
	print_outcome(run, source, &outcome);
	result->run_count++;
	result->failed_count += outcome.state == SYNC_FAILED || outcome.state == SYNC_HELD;
	if (error < 0 && error != -ECANCELED)
		log_error("%s: %s (%s)", source->name, sync_error_text(error), store_error(store));
	sync_outcome_close(&outcome);
	return stop_signal() != 0 ? -EINTR : error;
}

static int run_sources(const struct sync_run *run, const struct config *config, struct store *store,
                       bool is_everything, struct sync_round_result *result)
{
	int error = 0;

	for (unsigned i = 0; i < config->source_count && error == 0; i++) {
		const struct source_config *source = &config->sources[i];
		int64_t due_ns = TIMESTAMP_MIN;

		if (!is_wanted(run, source))
			continue;
		if (!is_everything)
			error = sync_next_run(store, source, wall_now_ns(), &due_ns);
		if (error == 0 && (due_ns == TIMESTAMP_MIN || due_ns <= wall_now_ns()))
			error = run_source(run, config, store, source, result);
	}
	return error;
}

static int print_compiled(const struct sync_run *run, const char *database_path,
                          const struct store_compile_result *result)
{
	int error = 0;

	if (run->has_json)
		error = compile_store_print_json(stdout, database_path, result);
	else if (!run->is_quiet)
		compile_store_print_line(stdout, database_path, result);
	(void)fflush(stdout);
	return error;
}

static int compile(const struct sync_run *run, const struct config *config, struct store *store,
                   struct sync_round_result *round)
{
	struct work work = {.run = run};
	struct store_compile_result result = {};
	int64_t now_ns = wall_now_ns();

	progress_start(&work.progress, "compiling", 0, run->is_quiet);
	int error = store_compile_update(store, config, now_ns, goes_on, &work, &result);
	progress_end(&work.progress);
	round->has_new_database = error == 0 && !result.is_unchanged;
	if (error == 0)
		error = store_compile_queue_vetoed(store, &result, now_ns);
	if (error == -ECANCELED)
		error = -EINTR;
	else if (error < 0)
		log_error("%s: %s", config->database_path, strerror(-error));
	else
		error = print_compiled(run, config->database_path, &result);
	store_compile_result_close(&result);
	return error;
}

static int consider(const struct config *config, struct store *store)
{
	struct report report = {.input = config->store_path};
	int error = sync_consider(store, config, wall_now_ns(), &report);

	if (error < 0)
		log_error("%s: %s", config->store_path, strerror(-error));
	report_clear(&report);
	return error;
}

// Before the sources, so that the database is brought up to date with it.
static int purge(const struct sync_run *run, const struct config *config, struct store *store)
{
	uint64_t count = 0;
	int error = sync_purge(store, config, wall_now_ns(), &count);

	if (error < 0)
		log_error("%s: %s (%s)", config->store_path, strerror(-error), store_error(store));
	if (count > 0 && run->has_json)
		(void)printf("{\"purged\":%" PRIu64 ",\"retention_days\":%u}\n", count,
		             config->retention_days);
	else if (count > 0 && !run->is_quiet)
		(void)printf("retention: %s discarded, more than %u days out of use\n",
		             text_count(count).text, config->retention_days);
	(void)fflush(stdout);
	return error;
}

static int find_next(const struct sync_run *run, const struct config *config, struct store *store,
                     int64_t *ret_due_ns)
{
	int64_t earliest_ns = TIMESTAMP_MAX;
	int error = 0;

	for (unsigned i = 0; i < config->source_count && error == 0; i++) {
		int64_t due_ns = TIMESTAMP_MAX;

		if (is_wanted(run, &config->sources[i]))
			error = sync_next_run(store, &config->sources[i], wall_now_ns(), &due_ns);
		if (due_ns < earliest_ns)
			earliest_ns = due_ns;
	}
	*ret_due_ns = earliest_ns;
	return error;
}

static int run_locked(const struct sync_run *run, const struct config *config, bool is_everything,
                      struct sync_round_result *result)
{
	AUTO(store) store = NULL;
	struct work work = {.run = run};
	int error = config_source_store(config, STORE_CREATE, &store);

	if (error < 0)
		return error;
	store_set_stop(store, is_stopped, &work);
	error = purge(run, config, store);
	if (error == 0)
		error = run_sources(run, config, store, is_everything, result);
	if (error == 0 && is_everything && !run->is_quiet)
		error = config_source_warn_left(config, store);
	if (error == 0 && !run->is_uncompiled)
		error = compile(run, config, store, result);
	if (error == 0)
		error = consider(config, store);
	int next_error = find_next(run, config, store, &result->next_due_ns);
	if (error == -EBUSY && stop_signal() != 0) // while it waited for another process
		return -EINTR;
	return error < 0 ? error : next_error;
}

int sync_round(const struct sync_run *run, const struct config *config, bool is_everything,
               struct sync_round_result *ret_result)
{
	int lock = sync_lock_take(config->store_path, run->is_waiting);

	*ret_result = (struct sync_round_result){.next_due_ns = TIMESTAMP_MAX};
	if (lock == -EBUSY)
		log_error("another sync is at work on %s: wait until it is done, or stop it",
		          config->store_path);
	else if (lock < 0 && lock != -EINTR)
		log_error("%s.lock: %s", config->store_path, strerror(-lock));
	if (lock < 0)
		return lock;
	int error = run_locked(run, config, is_everything, ret_result);
	(void)close(lock);
	if (ret_result->has_new_database)
		sync_push(config, run->is_quiet || run->has_json);
	return error;
}
