// app/clock.h — how long things took. Nothing that is written to a result comes from here.
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
