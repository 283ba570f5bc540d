// dataplane/sensor_parts.h — what a sensor consists of: for sensor*.c alone.
//
// Everything of a worker is its own while its thread runs, but what other threads read: that is
// atomic, written by the worker alone, and on cache lines of its own.
#pragma once

#include <assert.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "base/cpu.h"
#include "dataplane/pipeline.h"
#include "dataplane/sensor.h"

enum {
	SENSOR_FIGURES_WORDS = sizeof(struct sensor_figures) / sizeof(uint64_t),
	SENSOR_LINKS_MAX = 64,
};
static_assert(sizeof(struct sensor_figures) % sizeof(uint64_t) == 0, "figures are whole words");

// Figures as other threads see them: readers try again while `turn` is odd, or changed.
struct sensor_board {
	alignas(CACHE_LINE_BYTES) _Atomic uint32_t turn;
	_Atomic uint64_t words[SENSOR_FIGURES_WORDS];
};

struct sensor_worker {
	struct sensor_board board;
	_Atomic int64_t beat_ns;
	_Atomic uint64_t links_down;
	alignas(CACHE_LINE_BYTES) struct sensor *sensor;
	unsigned index;
	struct pipeline *pipeline;
	struct pipeline_path *paths; // 1 a link of a tap, 2 inline
	unsigned path_count;
	struct xdp **xdps; // two a link: of the device, of its peer; NULL: it has none
	pthread_t thread;
	bool has_thread;

	// The thread's own.
	struct sensor_figures figures;
	int64_t published_ns;   // when the figures were
	int64_t packet_time_ns; // of the last packet, and when that was by the monotonic clock
	int64_t packet_at_ns;
};

struct sensor {
	struct sensor_options options;
	struct report *report;
	alignas(CACHE_LINE_BYTES) _Atomic unsigned running; // written by all workers
	_Atomic bool is_stopping;                           // written by sensor_stop()
	_Atomic bool is_dry_run;                            // written by sensor_set_dry_run()
	_Atomic bool is_abandoned;                          // written by sensor_free()
	struct sensor_worker workers[];
};

// A sign of life, now.
void sensor_worker_beat(struct sensor_worker *worker);

// What a worker's thread runs; `context` is the struct sensor_worker.
void *sensor_worker_run(void *context);

// The worker: what it knows now is for all to see.
void sensor_board_write(struct sensor_board *board, const struct sensor_figures *figures);
