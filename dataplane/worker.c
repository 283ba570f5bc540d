#include "dataplane/dataplane.h"

#include <errno.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "dataplane/pipeline.h"
#include "dataplane/worker_captures.h"

#define FLOW_BUDGET_DEFAULT   ((size_t)640 * 1024 * 1024) // 10,485,760 flows
#define STREAM_BUDGET_DEFAULT ((size_t)256 * 1024 * 1024)

enum { WORKERS_MAX = 256 };

struct worker {
	// Written by the worker, read by workers_progress(): a cache line of its own.
	alignas(CACHE_LINE_BYTES) _Atomic uint64_t packets;
	_Atomic uint64_t file_bytes;

	// Written by workers_start(), then the worker's own.
	alignas(CACHE_LINE_BYTES) struct workers *workers;
	struct pipeline *pipeline;
	unsigned index;
	pthread_t thread;
	bool has_thread;
};

struct workers {
	const struct workers_options *options;
	struct worker_captures *captures;
	unsigned worker_count;
	alignas(CACHE_LINE_BYTES) _Atomic unsigned running; // written by all workers
	_Atomic bool is_stopping;                           // written by workers_stop()
	_Atomic bool is_abandoned;                          // written by workers_free()
	struct worker workers[];
};

static bool is_stopping(void *context)
{
	struct workers *workers = context;

	// Relaxed: nothing else is read on its account.
	return atomic_load_explicit(&workers->is_stopping, memory_order_relaxed);
}

static bool is_abandoned(void *context)
{
	struct workers *workers = context;

	// Relaxed: as above.
	return atomic_load_explicit(&workers->is_abandoned, memory_order_relaxed);
}

static void add_progress(_Atomic uint64_t *counter, uint64_t value)
{
	// Relaxed, and not an atomic addition: one writer, and readers want no more than a figure.
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + value,
	                      memory_order_relaxed);
}

static void run_part(struct worker *worker, const struct worker_part *part)
{
	struct port *port = capture_share_port(part->share, part->index);
	uint64_t file_bytes = 0;
	int64_t time_ns;

	pipeline_begin(worker->pipeline, part->capture_id);
	while (capture_share_next(part->share, part->index, &time_ns)) {
		unsigned count;

		pipeline_advance(worker->pipeline, time_ns);
		while ((count = pipeline_run(worker->pipeline, port)) > 0)
			add_progress(&worker->packets, count);
		if (part->index == 0) { // for all of its workers
			uint64_t now_bytes = capture_share_file_bytes(part->share);

			add_progress(&worker->file_bytes, now_bytes - file_bytes);
			file_bytes = now_bytes;
		}
	}
	pipeline_end(worker->pipeline);
}

static void *run_worker(void *context)
{
	struct worker *worker = context;
	struct workers *workers = worker->workers;
	struct worker_part part = {0};

	while (worker_captures_next(workers->captures, worker->index, &part)) {
		run_part(worker, &part);
		worker_captures_leave(workers->captures, &part, worker->pipeline);
	}
	// Release: whoever sees the worker ended also sees what it pushed.
	atomic_fetch_sub_explicit(&workers->running, 1, memory_order_release);
	return NULL;
}

static int start_worker(struct workers *workers, unsigned index)
{
	const struct workers_options *options = workers->options;
	struct worker *worker = &workers->workers[index];
	struct pipeline_options pipeline_options = {
		.database = options->database,
		.ring = options->rings != NULL ? options->rings[index] : NULL,
		.flow_budget_bytes = options->flow_budget_bytes != 0 ? options->flow_budget_bytes
	                                                             : FLOW_BUDGET_DEFAULT,
		.stream_budget_bytes = options->stream_budget_bytes != 0
	                                       ? options->stream_budget_bytes
	                                       : STREAM_BUDGET_DEFAULT,
		.is_abandoned = is_abandoned,
		.context = workers,
		.observe = options->observe,
		.observe_file = options->observe_file,
		.observe_context = options->observe_context,
		.traffic = options->traffic,
	};
	int error = pipeline_create(&pipeline_options, &worker->pipeline);

	if (error < 0)
		return error;
	worker->workers = workers;
	worker->index = index;
	atomic_fetch_add_explicit(&workers->running, 1, memory_order_relaxed);
	error = pthread_create(&worker->thread, NULL, run_worker, worker);
	if (error != 0) {
		atomic_fetch_sub_explicit(&workers->running, 1, memory_order_relaxed);
		return -error;
	}
	worker->has_thread = true;
	return 0;
}

static bool are_valid(const struct workers_options *options)
{
	if (options->worker_count < 1 || options->worker_count > WORKERS_MAX)
		return false;
	if (options->observe != NULL)
		return options->worker_count == 1 && options->database == NULL;
	return options->database != NULL && options->rings != NULL;
}

static int create(const struct workers_options *options, struct workers **ret_workers)
{
	size_t bytes = sizeof(struct workers) + options->worker_count * sizeof(struct worker);
	AUTO(workers) workers = aligned_alloc(CACHE_LINE_BYTES, bytes);
	int error;

	if (workers == NULL)
		return -ENOMEM;
	memset(workers, 0, bytes);
	workers->options = options;
	workers->worker_count = options->worker_count;
	error = worker_captures_create(options, is_stopping, workers, &workers->captures);
	if (error < 0)
		return error;
	*ret_workers = TAKE(workers);
	return 0;
}

int workers_start(const struct workers_options *options, struct workers **ret_workers)
{
	AUTO(workers) workers = NULL;
	int error;

	if (!are_valid(options))
		return -EINVAL;
	error = create(options, &workers);
	if (error < 0)
		return error;
	for (unsigned i = 0; i < options->worker_count; i++) {
		error = start_worker(workers, i);
		if (error < 0)
			return error;
	}
	*ret_workers = TAKE(workers);
	return 0;
}

bool workers_are_done(const struct workers *workers)
{
	// Acquire: pairs with the workers' release.
	return atomic_load_explicit(&workers->running, memory_order_acquire) == 0;
}

void workers_progress(const struct workers *workers, uint64_t *ret_packets,
                      uint64_t *ret_file_bytes)
{
	uint64_t packets = 0;
	uint64_t file_bytes = 0;

	for (unsigned i = 0; i < workers->worker_count; i++) {
		const struct worker *worker = &workers->workers[i];

		packets += atomic_load_explicit(&worker->packets, memory_order_relaxed);
		file_bytes += atomic_load_explicit(&worker->file_bytes, memory_order_relaxed);
	}
	*ret_packets = packets;
	*ret_file_bytes = file_bytes;
}

void workers_stop(struct workers *workers)
{
	atomic_store_explicit(&workers->is_stopping, true, memory_order_relaxed);
}

static void join_threads(struct workers *workers)
{
	for (unsigned i = 0; i < workers->worker_count; i++) {
		struct worker *worker = &workers->workers[i];

		if (worker->has_thread)
			(void)pthread_join(worker->thread, NULL);
		worker->has_thread = false;
	}
}

void workers_join(struct workers *workers, struct dataplane_counters *ret_counters,
                  const struct capture_result **ret_results)
{
	struct dataplane_counters sum = {0};

	join_threads(workers);
	for (unsigned i = 0; i < workers->worker_count; i++) {
		struct dataplane_counters counters;

		pipeline_counters(workers->workers[i].pipeline, &counters);
		dataplane_counters_add(&sum, &counters);
	}
	*ret_counters = sum;
	*ret_results = worker_captures_results(workers->captures);
}

void workers_free(struct workers *workers)
{
	if (workers == NULL)
		return;
	atomic_store_explicit(&workers->is_abandoned, true, memory_order_relaxed);
	workers_stop(workers);
	join_threads(workers);
	for (unsigned i = 0; i < workers->worker_count; i++)
		pipeline_free(workers->workers[i].pipeline);
	worker_captures_free(workers->captures);
	free(workers);
}
