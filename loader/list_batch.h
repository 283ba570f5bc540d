// loader/list_batch.h — the values of a list, on two threads.
//
// The reader's thread normalises and screens a value and copies it into a batch; a helper thread
// takes whole batches into the build, in order, while the next is filled. What comes out is what
// list_value_add() would have made, one value after the other.
#pragma once

#include "loader/list_value.h"

struct list_batch;

// Counts and adds a value, or reports why not. Returns 0, or an error as list_value_add(), perhaps
// one of values added before.
int list_batch_add(struct list_batch *batch, const struct candidate *candidate);

// Counts and reports a value that the reader itself turns down.
void list_batch_refuse(struct list_batch *batch, const char *reason, struct slice value,
                       uint64_t line);

// Reads what a line holds. Returns < 0 to end with that error.
typedef int list_batch_line_fn(struct feed *feed, struct list_batch *batch, struct slice line);

// Gives every line of the feed to `read_line`, without a byte order mark. One with NUL bytes, of
// invalid UTF-8, or longer than FEED_LINE_BYTES_MAX is reported and passed over. The build and the
// counts of the summary are not to be touched by `read_line`. Returns 0 or an error.
int list_batch_read_lines(struct feed *feed, list_batch_line_fn *read_line);
