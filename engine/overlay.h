// engine/overlay.h — a change to an indicator database without making it anew.
//
// Beside a base `PATH` may lie
//   PATH.overlay  a database of what was added since; its header names the base's build id
//   PATH.state    one word an indicator id of the base, mapped by every reader and written in place
// database_open(PATH) opens all three as one: ids of the overlay follow those of the base, and an
// indicator whose word says so is silent from then on. What does not belong to the base is reported
// and left aside.
#pragma once

#include <stdint.h>

#include "base/report.h"
#include "engine/build.h"
#include "engine/match.h"

// Words of the state file. Written by one process, read by many, relaxed: each stands for itself.
enum indicator_word {
	INDICATOR_IS_SILENT = 1 << 0, // withdrawn or revoked
};

// Writes the overlay of the base at `path` (renamed into place; none when `additions` is NULL or
// has neither an indicator nor a veto set), then silences `silent_ids` of the base. In this order,
// so that a change is never seen as nothing. An addition with the store id of an indicator of the
// base takes its place in readers that have this overlay, and only there: it may be among the
// silent ids or not. What an overlay before took the place of and this one does not is silenced.
// `additions` is spent, and must hold all that was added since the base. The state file is made
// when there is none: to let running readers see later changes, call this once without any after a
// new base. One writer at a time. Returns 0, -EINVAL (`base` is not the one at `path`, or an id is
// not its), -ENOMEM, or the file's error.
int overlay_write(const char *path, const struct database *base, struct build *additions,
                  const uint32_t silent_ids[], size_t silent_count, struct report *report,
                  struct build_figures *ret_figures);

// Takes away the overlay and state beside `path`: after a new base was renamed into place.
// Returns 0 or the file's error; what is not there is no error.
int overlay_remove(const char *path);
