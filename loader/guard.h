// loader/guard.h — does a delivery look like what the source has been so far?
//
// A fetch that loses or gains too much at once is held: nothing of it is taken, and a person is
// asked. Once accepted, the next fetch that is no worse passes, once; rejected, it stays held
// without asking again, until a fetch passes by itself.
#pragma once

#include <stdbool.h>

#include "loader/config.h"
#include "loader/store_delivery.h"

enum { GUARD_TEXT_BYTES = 160 };

struct guard_verdict {
	bool is_held;
	bool is_complete; // as of guard_judge(); of sources that come page by page, false
	char reason[GUARD_TEXT_BYTES]; // for people: "loses 6,000 of 10,000 (60 %; 50 % at most)"
};

// Only looks at the counts. `is_complete`: what is not delivered is gone.
void guard_judge(const struct guard_config *guards, const struct delivery_counts *counts,
                 bool is_complete, struct guard_verdict *ret_verdict);

// A delivery that guard_judge() holds: what does a person say? Call within it, before it is
// committed or abandoned. Returns 1 when it may pass, 0 when not, or the store's error. Of a
// complete delivery the commit uses the permission up; of others (loader/guard_run.h)
// guard_settle() does when the run ends well, and it permits any gain. What is asked of the one is
// not asked of the other.
int guard_is_permitted(struct store *store, uint32_t source_id, bool is_complete,
                       const struct delivery_counts *counts);

// It was abandoned: asks a person, unless the same was asked before. `now_ns` tells one from
// another. Returns 0 or the store's error.
int guard_ask(struct store *store, uint32_t source_id, const struct delivery_counts *counts,
              const struct guard_verdict *verdict, int64_t now_ns);

// It passed by itself, or as permitted: what was asked before is over. Part of the delivery under
// way, if there is one.
int guard_settle(struct store *store, uint32_t source_id, bool is_complete);
