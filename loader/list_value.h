// loader/list_value.h — one value of a list as one indicator: what text, hosts and CSV share.
#pragma once

#include "base/slice.h"
#include "loader/intake.h"
#include "loader/reader.h"

// Lists are defanged or not, know wildcards, and mean names with all below them.
struct candidate list_value_candidate(struct slice text, uint64_t line);

// Adds one indicator for the value when it is taken; `indicator` has everything but its value
// and line. Counts it. Returns 1 when taken, 0 when refused (reported) or a duplicate, -ENOMEM,
// or -EOVERFLOW.
int list_value_add(struct feed *feed, const struct indicator *indicator,
                   const struct candidate *candidate);

// Adds one indicator for a value that was checked; `spelled` is the value as the list has it.
// Returns 1, 0 when it cannot be compiled (reported), -ENOMEM or -EOVERFLOW.
int list_value_take(struct feed *feed, const struct indicator *indicator,
                    const struct intake_value *value, struct slice spelled, uint64_t line);
