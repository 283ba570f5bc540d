// engine/child.h — does something that may go wrong in a process of its own.
//
// Patterns of strangers can make a compiler take for ever or all memory; a child with limits
// takes that risk. No exec: the child works on a copy of this process's memory, so threads other
// than the caller's must have nothing to do: a lock they held would stay held in the child.
#pragma once

#include <stdint.h>

#include "base/buffer.h"

struct child_limits {
	unsigned cpu_s;        // processor time of all, 0 for no limit
	unsigned silence_ms;   // at most so long without a byte of output
	uint64_t memory_bytes; // more than the process has now
};

// What the child does: writes its results to `file` and returns 0 when they are complete.
typedef int child_work(int file, const void *argument);

// Runs `work` in a child and appends to `output` what it wrote.
// Returns 0 (complete), -ECANCELED (ended by a limit or a crash, or `work` did not return 0;
// `output` holds what was written until then), -ENOMEM, or the error of pipe() or fork().
int child_run(child_work *work, const void *argument, const struct child_limits *limits,
              struct buffer *output);

// For `work`: writes all of it. Returns 0 or -errno.
int child_write(int file, const void *bytes, size_t size);
