// loader/sync_consider.h — what members apply, beside what is applied here: for a person to look
// at.
//
// Sources of the group BLOCKLIST are lists that members really apply. What they list and is not
// dropped here waits in the review queue ("consider"), and so does what is dropped here after the
// last of them withdrew it ("withdrawn"). Of a source at most REVIEW_OPEN_MAX wait at once, and the
// values of one vote more; one item more says how many votes were not looked at. The place is
// noted, and the next run goes on there as far as people made room.
#pragma once

#include "base/report.h"
#include "loader/config.h"
#include "loader/store.h"

enum { SYNC_CONSIDER_VOTES_MAX = 10000 }; // of a source, looked at in one go

// Looks at what changed since it did so before, or was not looked at then. Returns 0, -ENOMEM, or
// the store's error.
int sync_consider(struct store *store, const struct config *config, int64_t now_ns,
                  struct report *report);
