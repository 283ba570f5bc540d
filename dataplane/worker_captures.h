// dataplane/worker_captures.h — the captures of a run: which worker reads which, and how it went.
//
// What is worth it is read by all workers together, one capture after the other; then each takes
// one of the others after the other for itself. Any thread of the run.
#pragma once

#include "base/cleanup.h"
#include "dataplane/capture_share.h"
#include "dataplane/dataplane.h"
#include "dataplane/pipeline.h"

struct worker_captures;

// Returns 0 and gives it to the caller (worker_captures_free), or -ENOMEM. `options` must outlive
// it; `is_stopping` is asked with `context` on any thread.
int worker_captures_create(const struct workers_options *options,
                           bool (*is_stopping)(void *context), void *context,
                           struct worker_captures **ret_captures);

// When no worker uses it any more. Accepts NULL.
void worker_captures_free(struct worker_captures *captures);
DEFINE_AUTO(worker_captures, worker_captures_free)

// A worker's share of a capture.
struct worker_part {
	uint32_t capture_id;
	bool is_together;  // all workers read it
	uint32_t together; // how many such captures this worker has come by
	struct capture_share *share;
	unsigned index; // of this worker in the share
};

// The next part of worker `index`; begins with an all-zero *part. False when there is none left.
// What cannot be read is noted in its result.
bool worker_captures_next(struct worker_captures *captures, unsigned index,
                          struct worker_part *part);

// The worker has gone through its part of the capture, or is stopped in it: `pipeline` tells what
// it has seen.
void worker_captures_leave(struct worker_captures *captures, const struct worker_part *part,
                           const struct pipeline *pipeline);

// When all workers have ended.
const struct capture_result *worker_captures_results(const struct worker_captures *captures);
