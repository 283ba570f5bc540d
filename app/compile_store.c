#include "app/compile_store.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/command.h"
#include "app/compile_store_print.h"
#include "app/config_source.h"
#include "app/problems.h"
#include "app/progress.h"
#include "app/stop.h"
#include "app/sync_lock.h"
#include "base/log.h"

static int64_t wall_clock_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static bool show_progress(void *context, uint64_t votes_done)
{
	progress_update(context, votes_done);
	return stop_signal() == 0;
}

static int print(const struct compile_store_options *options, const struct config *config,
                 const struct store_compile_result *result)
{
	if (options->is_quiet)
		return 0;
	if (options->has_json)
		return compile_store_print_json(stdout, config->database_path, result);
	compile_store_print(stdout, config->database_path, result);
	if (!options->has_explanation)
		problems_print(stdout, &result->report);
	return 0;
}

static int compile(const struct compile_store_options *options, const struct config *config,
                   struct store *store)
{
	struct store_compile_result result = {};
	struct progress progress;
	int64_t now_ns = wall_clock_ns();
	int error;

	if (options->has_explanation)
		result.report.each = problems_print_each;
	result.report.each_context = options->has_json ? stderr : stdout;
	progress_start(&progress, "compiling", 0, options->is_quiet || options->has_json);
	error = options->is_full ? store_compile_base(store, config, now_ns, show_progress,
	                                              &progress, &result)
	                         : store_compile_update(store, config, now_ns, show_progress,
	                                                &progress, &result);
	progress_end(&progress);
	// Of the configuration's database; another is somebody's trial.
	if (error == 0 && options->database_path == NULL)
		error = store_compile_queue_vetoed(store, &result, now_ns);
	if (error == 0)
		error = print(options, config, &result);
	else if (error != -ECANCELED)
		log_error("%s: %s", config->database_path,
		          result.report.reason_count > 0 ? result.report.reasons[0].reason
		                                         : strerror(-error));
	store_compile_result_close(&result);
	return error;
}

// A sync changes the configuration's database, too: one after the other. As sync_lock_take().
static int take_lock(const struct compile_store_options *options, const struct config *config)
{
	int lock = sync_lock_take(config->store_path, false);

	if (lock == -EBUSY) {
		if (!options->is_quiet)
			log_info("a sync is at work on %s: waiting", config->store_path);
		lock = sync_lock_take(config->store_path, true);
	}
	if (lock < 0 && lock != -EINTR)
		log_error("%s.lock: %s", config->store_path, strerror(-lock));
	return lock;
}

int compile_store(const struct compile_store_options *options)
{
	AUTO(config) read = NULL;
	AUTO(store) store = NULL;
	struct config config;
	int lock = -1;
	int error = config_source_read(options->config_path, &read);

	if (error == 0 && options->database_path == NULL) {
		lock = take_lock(options, read);
		error = lock < 0 ? lock : 0;
	}
	if (error == 0)
		error = config_source_store(
			read, options->database_path == NULL ? STORE_WRITE : STORE_READ, &store);
	if (error == 0) {
		config = *read; // as the command line has it
		if (options->database_path != NULL)
			config.database_path = options->database_path;
		if (options->sign_key_path != NULL)
			config.sign_key_path = options->sign_key_path;
		error = compile(options, &config, store);
	}
	if (lock >= 0)
		(void)close(lock);
	if (stop_signal() != 0)
		return EXIT_SIGNAL_BASE + stop_signal();
	return error == 0 ? EXIT_FOUND : EXIT_FAILED;
}
