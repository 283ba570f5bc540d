// app/time_argument.h — a point in time as a person types it.
#pragma once

#include <stdint.h>

// "2026-11-20", "2026-11-20T12:00:00Z" (RFC 3339), or how long before now: "90s", "15m", "12h",
// "7d", "2w". Returns 0, or -EINVAL and leaves *ret_ns alone.
int time_argument_parse(const char *text, int64_t now_ns, int64_t *ret_ns);

// The wall clock, for what is asked "of now".
int64_t time_argument_now_ns(void);
