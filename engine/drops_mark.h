// engine/drops_mark.h — what of a database's drops may have changed since a walk over them.
//
// An overlay and a few silent indicators change little: whoever mirrors drops elsewhere remembers a
// mark, and asks later only for what may differ, without a walk over a million entries.
#pragma once

#include "base/cleanup.h"
#include "engine/drops.h"

struct drops_mark;

// Remembers what a walk that is to follow will see. Returns 0 and gives the mark to the caller
// (drops_mark_free), or -ENOMEM.
int drops_mark_create(const struct database *database, struct drops_mark **ret_mark);

// Accepts NULL.
void drops_mark_free(struct drops_mark *mark);
DEFINE_AUTO(drops_mark, drops_mark_free)

// Visits every host and network whose drops may differ now from what they were at the mark, in no
// order, some twice. Of the time nothing is known: no validity may have begun or ended since.
// Returns 0, what `visit` returned when that was not 0, -ENOMEM, or -ESTALE when it cannot be told:
// another base, or a veto set in an overlay.
int drops_mark_each(const struct drops_mark *mark, const struct database *database,
                    int (*visit)(void *context, const struct prefix *prefix), void *context);

// As database_each_drop(), of these hosts alone, which are distinct.
int database_each_drop_of(const struct database *database, const struct address hosts[],
                          size_t count, int64_t now_ns,
                          int (*visit)(void *context, const struct drop *drop), void *context,
                          int64_t *ret_next_change_ns);
