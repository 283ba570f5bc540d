// app/progress.h — a bar on a terminal for what takes longer than a second.
//
// On standard error, and only when that is a terminal. Gone without a trace at the end.
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
	const char *what; // borrowed: "reading feed.json"
	uint64_t total_bytes;
	int64_t start_ns;
	int64_t drawn_ns; // 0: not drawn yet
	bool is_on;
	bool has_bar; // the terminal is wide enough
};

// `total_bytes` 0: not known (standard input), then there is no bar but what is done.
void progress_start(struct progress *progress, const char *what, uint64_t total_bytes,
                    bool is_quiet);

// Draws when it is time to. May be called as often as one likes.
void progress_update(struct progress *progress, uint64_t done_bytes);

// Erases the bar. Before anything else is written to the terminal.
void progress_end(struct progress *progress);
