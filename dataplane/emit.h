// dataplane/emit.h — hits into the ring.
//
// In captures nothing may be lost, also when they are stopped in the middle: a full ring is waited
// for, until nobody empties it any more.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/ring.h"
#include "engine/hit.h"

struct packet;

struct emitter {
	struct ring *ring;
	bool (*is_abandoned)(
		void *context); // asked while the ring is full: are hits to be dropped?
	void *context;
	uint64_t hits;
};

// HOT. Copies `hit` and its observable's text.
void emit_hit(struct emitter *emitter, const struct hit *hit);

// The origin of an observable in `packet`.
void emit_origin(const struct packet *packet, uint32_t capture_id, struct origin *ret_origin);
