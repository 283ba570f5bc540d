// sightings/sorter.h — any number of records, sorted, in bounded memory.
//
// Records are runs of bytes. They collect in memory; when that is full they are sorted and
// appended to an unlinked temporary file as one run; reading merges the runs. One owner, one
// thread. Freed with sorter_free(), and the file with it.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"

struct sorter;

// Below, equal to or above zero, as memcmp(). Records that compare equal come out in the order
// in which they went in.
typedef int (*sorter_compare)(struct slice a, struct slice b);

enum { SORTER_MEMORY_DEFAULT = 256 << 20 };

// Collects up to `memory_bytes` (0: the default) before it spills.
// Returns 0 and gives the sorter to the caller (sorter_free), or -ENOMEM.
int sorter_create(size_t memory_bytes, sorter_compare compare, struct sorter **ret_sorter);

// Accepts NULL. No cursor of it may be in use.
void sorter_free(struct sorter *sorter);
DEFINE_AUTO(sorter, sorter_free)

// Copies `record` (< 2 GB). Not after the first sorter_read(). Returns 0, -ENOMEM, or the error
// of the temporary file (in $TMPDIR, or /tmp).
int sorter_add(struct sorter *sorter, struct slice record);

// How many runs lie in the temporary file.
unsigned sorter_spilled_runs(const struct sorter *sorter);

// One reading of all records in order. There may be several, one after the other or at once.
struct sorter_cursor;

// Returns 0 and gives the cursor to the caller (sorter_cursor_free), or -ENOMEM, or the error
// of the temporary file.
int sorter_read(struct sorter *sorter, struct sorter_cursor **ret_cursor);

// Accepts NULL.
void sorter_cursor_free(struct sorter_cursor *cursor);
DEFINE_AUTO(sorter_cursor, sorter_cursor_free)

// Gives the next record, valid until the next call. Returns 1, 0 at the end, -ENOMEM, or the
// error of the temporary file.
int sorter_next(struct sorter_cursor *cursor, struct slice *ret_record);
