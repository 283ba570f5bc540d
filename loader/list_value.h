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

// A line with NUL bytes, of invalid UTF-8, or longer than FEED_LINE_BYTES_MAX is reported and
// false returned.
bool list_value_line_is_sound(struct feed *feed, struct slice line, bool is_cut);
