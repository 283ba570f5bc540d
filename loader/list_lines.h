// loader/list_lines.h — the lines of a list that can be read at all.
#pragma once

#include "loader/reader.h"

// Reads what a line holds. Returns < 0 to end with that error.
typedef int list_line_fn(struct feed *feed, struct slice line, void *context);

// Gives every line of the feed to `read_line`, without a byte order mark. One with NUL bytes, of
// invalid UTF-8, or longer than FEED_LINE_BYTES_MAX is reported and passed over. Returns 0 or an
// error.
int list_lines_read(struct feed *feed, list_line_fn *read_line, void *context);
