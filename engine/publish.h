// engine/publish.h — which database the workers use, exchanged while they run.
//
// A slow thread opens a database and publishes it: one atomic store. Each reader (a worker) asks
// for the publication once a batch, and uses it, with its own match context, for the whole batch:
// no packet is judged by half of each. A publication is retired in two steps: first every reader
// has passed a quiescent point behind the exchange, or is offline; then whoever empties the rings
// has drained what had been pushed until then, since hits carry ids of their generation's database.
// Then it is freed. Nothing here waits: a reader that hangs delays the freeing, not the publishing.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/ring.h"
#include "engine/match.h"

// Immutable once published.
struct publication {
	const struct database *database;
	uint32_t generation;                   // from 1, one more each time
	struct match_context *const *contexts; // by reader
};

struct publisher;

// For `reader_count` readers, all offline, and the rings that carry their hits (one a reader,
// borrowed until publisher_free()). Returns 0 and gives it to the caller (publisher_free), or
// -ENOMEM.
int publisher_create(unsigned reader_count, struct ring *const rings[],
                     struct publisher **ret_publisher);

// Frees all that was published. No reader may be at work. Accepts NULL.
void publisher_free(struct publisher *publisher);
DEFINE_AUTO(publisher, publisher_free)

// The publishing thread. The number that the next publication will have, for whoever has to know it
// before. None is given twice: one that is abandoned leaves a gap.
uint32_t publisher_reserve(struct publisher *publisher);

// The publishing thread. What was reserved will not be published.
void publisher_abandon(struct publisher *publisher);

// Any thread. Is this number reserved, and not yet published? Asked before publisher_of().
bool publisher_is_reserved(const struct publisher *publisher, uint32_t generation);

// The publishing thread, under the number it reserved, or else the next. Takes `database` over when
// it succeeds. Returns 0, -ENOMEM, or -EINVAL when its patterns cannot be matched on this CPU: what
// was published before stays.
int publisher_publish(struct publisher *publisher, struct database *database,
                      uint32_t *ret_generation);

// The publishing thread, now and then. Frees what nobody can refer to any more. Returns how many
// publications are left, the current one included.
unsigned publisher_retire(struct publisher *publisher);

// Any thread. 0 before the first.
uint32_t publisher_generation(const struct publisher *publisher);

// The thread that drains the rings: the publication that judged a hit it has not released yet.
const struct publication *publisher_of(const struct publisher *publisher, uint32_t generation);

// HOT. Reader `reader` between two batches: what it held before is no longer used. NULL before the
// first publication. The reader is online from then on.
const struct publication *publisher_read(struct publisher *publisher, unsigned reader);

// Reader `reader` holds nothing, and may sleep as long as it likes.
void publisher_leave(struct publisher *publisher, unsigned reader);
