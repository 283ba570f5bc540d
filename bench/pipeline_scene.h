// bench/pipeline_scene.h — what a pipeline needs around it when it is measured alone.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/ring.h"
#include "base/timestamp.h"

// Nobody gives up waiting for room in the ring.
static inline bool scene_never(void *context)
{
	(void)context;
	return false;
}

static inline void scene_drain(struct ring *ring)
{
	struct slice record;

	while (ring_peek(ring, &record))
		ring_release(ring);
}

// Processor time of this thread.
static inline int64_t scene_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}
