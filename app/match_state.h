// app/match_state.h — which captures were matched before: `sekisho match --state FILE`.
//
// A capture is known by its path, device, inode, size and time of change; the whole file is of one
// database and one way to take packets. What a run has read to its end is added, damaged captures
// too; what could not be read at all is not, nor what changed meanwhile. The file is written at
// the end, whole or not at all.
#pragma once

#include "app/capture_list.h"
#include "base/cleanup.h"
#include "dataplane/dataplane.h"
#include "engine/match.h"

struct match_state;

// Reads the file at `path` (borrowed), which need not be there yet. Of another database, nothing
// in it counts: that is logged. Errors are logged, also that it is damaged or no such file. Returns
// 0 and gives the state to the caller (match_state_free), or an error.
int match_state_open(const char *path, const struct database *database,
                     const struct traffic_settings *traffic, struct match_state **ret_state);

// Accepts NULL.
void match_state_free(struct match_state *state);
DEFINE_AUTO(match_state, match_state_free)

// Takes out of `captures` what was matched before and is as it was; remembers how the others are
// now. Returns 0 or -ENOMEM.
int match_state_skip(struct match_state *state, struct capture_list *captures);

// Adds what was read to its end, as it was at match_state_skip(). Logs what has changed since.
// Returns 0 or -ENOMEM.
int match_state_add(struct match_state *state, const struct capture_list *captures,
                    const struct capture_result results[]);

// Writes the file. Errors are logged. Returns 0 or an error.
int match_state_write(const struct match_state *state);
