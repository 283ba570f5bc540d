// bench/lookup_database.h — a database of seeded values, and the clock, for the look-up benchmarks.
#pragma once

#include "bench/lookup_values.h"
#include "engine/build.h"

double lookup_now_s(void);

// Adds the values first … first + count - 1, an indicator each. Returns 0 or the build's error.
int lookup_database_add(struct build *build, enum lookup_values_kind kind, uint64_t first,
                        uint64_t count);

// Builds a database of the values 0 … count - 1 in `fd`; the time leaves out making the values.
// Returns 0 or the error of the build.
int lookup_database_build(enum lookup_values_kind kind, uint64_t count, int fd,
                          struct build_figures *ret_figures, double *ret_s);
