// dataplane/dpdk_log.h — where what DPDK says goes: errors only, while it starts into a buffer, for
// the reason of a failure, and then to our log.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/report.h"

enum { DPDK_LOG_BYTES = 4096 };

struct dpdk_log {
	FILE *stream;
	bool is_started;           // from then on it goes to our log
	int64_t told_ns;           // when that was done last
	size_t size;               // of `text`
	char text[DPDK_LOG_BYTES]; // what was said before, its beginning; then the last of it
};

// `log` is all zero, and stays where it is until dpdk_log_close(). Returns 0 or -ENOMEM.
int dpdk_log_open(struct dpdk_log *log);

// DPDK has started, or has not.
void dpdk_log_end_start(struct dpdk_log *log, bool is_started);

// Reports what was said while it started, with `problem`'s other fields.
void dpdk_log_tell(const struct dpdk_log *log, const struct problem *problem,
                   struct report *report);

void dpdk_log_close(struct dpdk_log *log);
