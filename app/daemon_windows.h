// app/daemon_windows.h — the sightings of a running sensor: a STIX bundle a window, in a folder.
//
// A window ends when its time is over, when it has too many hits, and when its generation is not
// the published one any more: what it borrows of that database must be retired. Each begins at an
// instant of its own, which the ids of its sightings are made from: no two of them meet. One
// owner, one thread.
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"
#include "engine/publish.h"

enum {
	DAEMON_WINDOWS_MAX = 4,           // of several generations, or not yet written
	DAEMON_WINDOW_HITS_MAX = 1000000, // of one
};

struct daemon_windows_options {
	const char *folder;         // copied
	const char *sensor;         // borrowed, as all of this
	const char *const *devices; // by origin.capture_id
	uint32_t device_count;
	uint32_t window_s;
};

struct daemon_windows;

// Returns 0 and gives it to the caller (daemon_windows_free), -ENOMEM, or why nothing can be
// written into the folder.
int daemon_windows_open(const struct daemon_windows_options *options,
                        struct daemon_windows **ret_windows);

// What is not written is lost. Accepts NULL.
void daemon_windows_free(struct daemon_windows *windows);
DEFINE_AUTO(daemon_windows, daemon_windows_free)

// Adds a hit's record of a ring, judged by `publication`, whose database is borrowed until
// daemon_windows_oldest() says no more. Returns 0, or why the hit could not be kept.
int daemon_windows_add(struct daemon_windows *windows, const struct publication *publication,
                       struct slice record, int64_t now_ns);

// Writes the windows that are over at `now_ns` (CLOCK_REALTIME), and those of generations before
// `generation`, TIMESTAMP_MAX and UINT32_MAX: all. One that cannot be written is kept and tried
// again, for as long as there is room for it, of an older generation for 30 s. Returns 0 or the
// first error.
int daemon_windows_write(struct daemon_windows *windows, uint32_t generation, int64_t now_ns);

// The lowest generation that is borrowed; UINT32_MAX: none is.
uint32_t daemon_windows_oldest(const struct daemon_windows *windows);

uint64_t daemon_windows_sightings(const struct daemon_windows *windows); // written
uint64_t daemon_windows_lost(const struct daemon_windows *windows);      // hits
