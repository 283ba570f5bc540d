// app/top_figures.h — what lies between two readings: rates, sums, percentiles.
#pragma once

#include <stdint.h>

#include "app/metrics_read.h"

// By how much a counter grew; one that went back began anew.
uint64_t top_grown(uint64_t before, uint64_t now);

// Does the sensor tell this metric?
bool top_has(const struct metrics_reading *reading, const char *metric);

// All workers as one.
struct sensor_figures top_sum(const struct metrics_reading *reading);

// What was counted between the two; what does not grow is as it is `now`.
struct sensor_figures top_between(const struct sensor_figures *before,
                                  const struct sensor_figures *now);

uint64_t top_total(const uint64_t counts[], unsigned count);

// In nanoseconds, no less than `permille` of the packets took: the bound of a bucket, whose bounds
// double. 0: there were none; UINT64_MAX: more than what is told apart.
uint64_t top_percentile(const struct sensor_figures *figures, unsigned permille);
