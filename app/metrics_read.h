// app/metrics_read.h — the reverse of metrics_render(): figures out of its text.
//
// The text comes from a socket, perhaps of another version: what is not known is passed over, what
// is not there stays 0.
#pragma once

#include "app/metrics.h"

enum { METRICS_TEXT_BYTES = 64 };

// Large: not for the stack of a thread.
struct metrics_reading {
	struct daemon_figures figures; // its texts lie below
	bool has[METRICS_MAX];         // by metric: there was at least one of it
	unsigned known_samples;        // 0: it is no text of ours
	char version[METRICS_TEXT_BYTES], mode[METRICS_TEXT_BYTES], backend[METRICS_TEXT_BYTES];
	char link_names[2 * DAEMON_LINKS_MAX][METRICS_TEXT_BYTES];
};

// `reading` points into itself: it is not to be copied.
void metrics_read(struct slice text, struct metrics_reading *reading);
