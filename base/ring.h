// base/ring.h — a lock-free ring of variable-sized records: one producer, one consumer.
//
// A worker pushes, the sightings side pops. Records are whole and contiguous. Positions only
// grow, so that a consumer can tell that it has drained everything pushed before a moment
// (how a database is retired: docs/architecture.md).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"

struct ring;

// `capacity_bytes` is rounded up to a power of two, 64 KB at least.
// Returns 0 and gives the ring to the caller (ring_free), or -ENOMEM.
int ring_create(size_t capacity_bytes, struct ring **ret_ring);

// Accepts NULL. Neither side may use the ring any more.
void ring_free(struct ring *ring);
DEFINE_AUTO(ring, ring_free)

// HOT. Producer. Copies the two parts, one behind the other, as one record.
// Returns false, having done nothing, when there is no room (or `head` and `tail` together
// exceed a quarter of the capacity, which never fits).
bool ring_push(struct ring *ring, struct slice head, struct slice tail);

// Consumer. The oldest record, aligned to 8, valid until ring_release(); false when empty.
bool ring_peek(struct ring *ring, struct slice *ret_record);

// Consumer. Gives the peeked record's room back.
void ring_release(struct ring *ring);

// Any thread. Bytes pushed, respectively released, since the start.
uint64_t ring_pushed_bytes(const struct ring *ring);
uint64_t ring_released_bytes(const struct ring *ring);
