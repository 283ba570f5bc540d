// base/timestamp.h — points in time, as nanoseconds since 1970 (UTC, no leap seconds).
#pragma once

#include <stdint.h>

#include "base/slice.h"

#define NS_PER_US INT64_C(1000)
#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

#define TIMESTAMP_MIN INT64_MIN // "always has been"
#define TIMESTAMP_MAX INT64_MAX // "for ever"

enum { TIMESTAMP_TEXT_BYTES = 40 };

// Reads RFC 3339 as STIX narrows it (2.1, section 2.16: "2016-01-20T12:31:12.123Z"), and also
// takes numeric offsets. Fractions beyond nanoseconds are cut. Years outside 1678-2261 give
// TIMESTAMP_MIN or TIMESTAMP_MAX.
// Returns 0, or -EINVAL and leaves *ret_ns alone.
int timestamp_parse(struct slice text, int64_t *ret_ns);

// Writes "2016-01-20T12:31:12.123456Z": `digits` of the fraction, 0, 3, 6 or 9.
void timestamp_format(int64_t time_ns, unsigned digits, char ret_text[TIMESTAMP_TEXT_BYTES]);
