// app/line_file.h — lines appended to a file that may be full, or moved away.
//
// Lines wait in memory until they are written, whole: of a line that the disk has no room for
// nothing stays in the file. What cannot be written is tried again at the next flush; when more
// waits than the limit, further lines are lost, and counted. One owner, one thread.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"

struct line_file;

// Opens `path` (copied; "-": standard output) to append, 0640 when it is new. At most
// `pending_bytes_max` wait. Returns 0 and gives it to the caller (line_file_free), -ENOMEM, or the
// file's error.
int line_file_open(const char *path, size_t pending_bytes_max, struct line_file **ret_file);

// What waits is lost. Accepts NULL.
void line_file_free(struct line_file *file);
DEFINE_AUTO(line_file, line_file_free)

// After somebody has moved the file away, or to go on at `path`: what follows, and what waits, goes
// to a new one. Returns 0 or the error of opening it: then the file before stays in use.
int line_file_reopen(struct line_file *file, const char *path);

// Takes `line`, with its newline. The next flush writes it.
void line_file_add(struct line_file *file, struct slice line);

// Writes what waits. Returns 0, or why not all of it could be (-EAGAIN: whoever reads standard
// output does not).
int line_file_flush(struct line_file *file);

// Any time: lines written, and lost.
uint64_t line_file_written(const struct line_file *file);
uint64_t line_file_lost(const struct line_file *file);
