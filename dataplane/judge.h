// dataplane/judge.h — which flows go from or to a listed address.
//
// Addresses are judged once per flow. Live they are judged again, at the flow's next packet, when
// another database is in force or the validity of a listed one has begun or ended: each such turn
// has a stamp, 1-255, that flows carry when they were judged in it. A part of the flow table is
// swept at each turn, so that a stamp is gone everywhere before it is given out again.
#pragma once

#include "dataplane/flow.h"
#include "dataplane/match_batch.h"
#include "dataplane/verdicts.h"
#include "dataplane/watch.h"

struct judge {
	struct flow_table *flows; // all borrowed
	struct watch_table *watches;
	struct match_batch *batch;
	struct verdicts *verdicts; // NULL: captures
	uint8_t stamp;             // of this turn; captures: 0, the one turn there is
	uint32_t swept;            // flows up to this one were swept
	int64_t turn_at_ns;        // when a validity begins or ends; captures: never
	struct observable observables[MATCH_BATCH_MAX]; // of flows that are judged together
};

// Another turn begins.
void judge_turn(struct judge *judge);

// HOT. Judges those flows of `count` of the batch's packets, from `position` on, that were not yet,
// before these packets are counted. batch->context must be set.
void judge_addresses(struct judge *judge, const struct packet packets[], unsigned position,
                     unsigned count);
