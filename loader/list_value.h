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

// Reads what a line holds; `indicator` has what all of the feed have in common. Returns < 0 to end
// with that error.
typedef int list_value_line_fn(struct feed *feed, const struct indicator *indicator,
                               struct slice line);

// Gives every line of the feed to `read_line`, without a byte order mark. One with NUL bytes, of
// invalid UTF-8, or longer than FEED_LINE_BYTES_MAX is reported and passed over. Ends the feed.
// Returns 0 or an error.
int list_value_read_lines(struct feed *feed, list_value_line_fn *read_line);
