#include "app/match_run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/capture_results.h"
#include "app/clock.h"
#include "app/progress.h"
#include "app/stop.h"
#include "base/log.h"
#include "base/ring.h"

enum {
	RING_BYTES = 4 * 1024 * 1024,
	WORKERS_MAX = 256,
	IDLE_NS = 500 * 1000, // between looks at empty rings
};

// The workers and their rings.
struct crew {
	struct workers_options options; // the workers read it as long as they live
	struct workers *workers;
	struct ring *rings[WORKERS_MAX];
	unsigned count;
};

static void crew_close(struct crew *crew)
{
	workers_free(crew->workers); // before the rings it writes to
	for (unsigned i = 0; i < crew->count; i++)
		ring_free(crew->rings[i]);
}

static int crew_start(const struct match_run_options *options, struct crew *crew)
{
	unsigned wanted = options->job_count;
	int error = 0;

	if (wanted > WORKERS_MAX)
		wanted = WORKERS_MAX;
	while (crew->count < wanted && error == 0) {
		error = ring_create(RING_BYTES, &crew->rings[crew->count]);
		if (error == 0)
			crew->count++;
	}
	if (error < 0)
		return error;

	crew->options = (struct workers_options){
		.database = options->database,
		.captures = (const char *const *)options->captures->paths,
		.capture_count = options->captures->count,
		.worker_count = crew->count,
		.rings = crew->rings,
		.traffic = options->traffic,
	};
	return workers_start(&crew->options, &crew->workers);
}

// Empties the rings once. After an error the hits are dropped, so that the workers can end.
// Returns 1 when there was something, 0 when not, or the error.
static int drain(struct crew *crew, struct sightings *sightings, int error)
{
	struct slice record;
	bool was_busy = false;

	for (unsigned i = 0; i < crew->count; i++) {
		while (ring_peek(crew->rings[i], &record)) {
			if (error == 0)
				error = sightings_add(sightings, record);
			ring_release(crew->rings[i]);
			was_busy = true;
		}
	}
	return error < 0 ? error : was_busy;
}

static int drain_until_done(struct crew *crew, struct sightings *sightings,
                            struct progress *progress)
{
	const struct timespec pause = {.tv_nsec = IDLE_NS};
	uint64_t packets, file_bytes;
	int error = 0;

	for (;;) {
		// Asked before the last look, so that nothing is pushed behind it.
		bool is_done = workers_are_done(crew->workers);
		int drained = drain(crew, sightings, error);

		if (drained < 0)
			error = drained;
		if (is_done)
			return error;
		if (error < 0 || stop_signal() != 0)
			workers_stop(crew->workers);
		if (drained <= 0)
			(void)nanosleep(&pause, NULL);
		workers_progress(crew->workers, &packets, &file_bytes);
		progress_update(progress, file_bytes);
	}
}

// A capture that was not read to its end is matched again: its hits are told then.
static int take_results(const struct match_run_options *options, struct sightings *sightings,
                        const struct capture_result results[])
{
	for (uint32_t i = 0; i < options->captures->count; i++) {
		sightings_set_capture_start(sightings, i, results[i].first_time_ns);
		if (options->state != NULL && results[i].is_stopped)
			sightings_leave_out(sightings, i);
	}
	if (options->state == NULL)
		return 0;
	return match_state_add(options->state, options->captures, results);
}

int match_run(const struct match_run_options *options, struct sightings *sightings,
              struct match_run_result *ret_result)
{
	const struct capture_result *results;
	struct crew crew = {0};
	struct progress progress;
	int64_t start_ns = clock_now_ns();

	*ret_result = (struct match_run_result){0};
	if (options->captures->count == 0)
		return 0;

	int error = crew_start(options, &crew);
	if (error < 0) {
		log_error("starting the workers: %s", strerror(-error));
		crew_close(&crew);
		return error;
	}
	progress_start(&progress, "matching", options->captures->total_bytes, options->is_quiet);
	error = drain_until_done(&crew, sightings, &progress);
	progress_end(&progress);
	workers_join(crew.workers, &ret_result->counters, &results);
	if (error == 0)
		error = take_results(options, sightings, results);
	if (error < 0)
		log_error("collecting the hits: %s", strerror(-error));
	ret_result->unreadable_count = capture_results_log(options->captures, results);
	ret_result->duration_ns = clock_now_ns() - start_ns;
	crew_close(&crew);
	return error;
}
