#include "dataplane/dataplane.h"

#include <errno.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "base/timestamp.h"
#include "dataplane/pipeline.h"

#define FLOW_BUDGET_DEFAULT   ((size_t)512 * 1024 * 1024)
#define STREAM_BUDGET_DEFAULT ((size_t)256 * 1024 * 1024)

enum { WORKERS_MAX = 256 };

struct worker {
	// Written by the worker, read by workers_progress(): a cache line of its own.
	alignas(CACHE_LINE_BYTES) _Atomic uint64_t packets;
	_Atomic uint64_t file_bytes;

	// Written by workers_start(), then the worker's own.
	alignas(CACHE_LINE_BYTES) struct workers *workers;
	struct pipeline *pipeline;
	pthread_t thread;
	bool has_thread;
};

struct workers {
	const struct workers_options *options;
	struct capture_result *results; // each written by the worker that took the capture
	unsigned worker_count;
	alignas(CACHE_LINE_BYTES) _Atomic uint32_t next_capture; // written by all workers
	_Atomic unsigned running;                                // likewise
	_Atomic bool is_stopping;                                // written by workers_stop()
	_Atomic bool is_abandoned;                               // written by workers_free()
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

static void run_capture(struct worker *worker, struct port *port)
{
	uint64_t file_bytes = 0;
	struct port_counters counters;
	unsigned count;

	do {
		count = pipeline_run(worker->pipeline, port);
		port->ops->counters(port, &counters);
		add_progress(&worker->packets, count);
		add_progress(&worker->file_bytes, counters.file_bytes - file_bytes);
		file_bytes = counters.file_bytes;
	} while (count > 0 && !is_stopping(worker->workers));
	pipeline_end(worker->pipeline);
}

static void take_capture(struct worker *worker, uint32_t capture_id)
{
	struct capture_result *result = &worker->workers->results[capture_id];
	const char *path = worker->workers->options->captures[capture_id];
	struct port_counters counters;
	AUTO(port) port = NULL;

	result->report.input = path;
	result->report.unit = "packet";
	pipeline_begin(worker->pipeline, capture_id);
	result->error = port_open(path, &result->report, &port);
	if (result->error == 0) {
		run_capture(worker, port);
		port->ops->counters(port, &counters);
		result->is_cut_short = counters.is_cut_short || is_stopping(worker->workers);
	}
	pipeline_capture_result(worker->pipeline, result);
}

static void *run_worker(void *context)
{
	struct worker *worker = context;
	struct workers *workers = worker->workers;
	uint32_t capture_id;

	while (!is_stopping(workers)) {
		// Relaxed: the captures were there before the threads.
		capture_id = atomic_fetch_add_explicit(&workers->next_capture, 1,
		                                       memory_order_relaxed);
		if (capture_id >= workers->options->capture_count)
			break;
		take_capture(worker, capture_id);
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

	if (workers == NULL)
		return -ENOMEM;
	memset(workers, 0, bytes);
	workers->options = options;
	workers->worker_count = options->worker_count;
	workers->results = calloc(options->capture_count + 1, sizeof(workers->results[0]));
	if (workers->results == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < options->capture_count; i++) {
		// Until a worker takes it; it stays so when the workers are stopped before.
		workers->results[i].is_cut_short = true;
		workers->results[i].first_time_ns = TIMESTAMP_MAX;
		workers->results[i].last_time_ns = TIMESTAMP_MAX;
	}
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
	*ret_results = workers->results;
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
	for (uint32_t i = 0; workers->results != NULL && i < workers->options->capture_count; i++)
		report_clear(&workers->results[i].report);
	free(workers->results);
	free(workers);
}
