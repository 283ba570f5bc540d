// app/clock.h — how long things took, and, for what runs as a service, what time it is. Nothing
// that is made from captures or feeds comes from here.
#pragma once

#include <stdint.h>
#include <time.h>

#include "base/timestamp.h"

// Monotonic nanoseconds.
static inline int64_t clock_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

// Nanoseconds since 1970.
static inline int64_t clock_wall_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}
