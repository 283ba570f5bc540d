// app/daemon_output.h — the thread that takes the workers' hits from their rings and writes them.
//
// Hits become JSON lines at once and, where there is a folder for them, sightings by windows.
// Nothing that goes wrong with a disk reaches the workers: what cannot be written waits in bounded
// memory, then it is lost and counted; it is told once a minute.
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "engine/publish.h"

struct daemon_output_paths {
	const char *hits;
	const char *sightings; // NULL: none
	uint32_t window_s;
};

struct daemon_output_options {
	const char *sensor;         // its name; borrowed, as all that is behind it
	const char *const *devices; // by origin.capture_id
	uint32_t device_count;
	struct publisher *publisher;
	struct ring *const *rings;
	unsigned ring_count;
};

struct daemon_output;

// Opens the outputs (`paths` is copied). Errors are logged. Returns 0 and gives it to the caller
// (daemon_output_free), or the error.
int daemon_output_open(const struct daemon_output_options *options,
                       const struct daemon_output_paths *paths, struct daemon_output **ret_output);

// Starts the thread. Returns 0 or the error.
int daemon_output_start(struct daemon_output *output);

// Any thread: the outputs are opened anew, there or elsewhere, at the thread's next round. One that
// cannot be is told, and the one before stays. Returns 0 or -ENOMEM.
int daemon_output_reopen(struct daemon_output *output, const struct daemon_output_paths *paths);

// The publishing thread: publisher_retire(), of what is not borrowed here. Returns what it does.
unsigned daemon_output_retire(struct daemon_output *output);

struct daemon_output_figures {
	int64_t beat_ns; // CLOCK_MONOTONIC, of its last round
	uint64_t hits_written;
	uint64_t sightings_written;
	uint64_t failed; // hits that could not be written
};
// Any thread.
void daemon_output_figures(struct daemon_output *output, struct daemon_output_figures *ret_figures);

// Nothing will be pushed any more: writes what is left, ends all windows, ends the thread.
void daemon_output_stop(struct daemon_output *output);

// Stops what still runs. Accepts NULL.
void daemon_output_free(struct daemon_output *output);
DEFINE_AUTO(daemon_output, daemon_output_free)
