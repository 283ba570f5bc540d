// dataplane/emit.h — hits into the ring.
//
// In captures nothing may be lost, also when they are stopped in the middle: a full ring is waited
// for, until nobody empties it any more. Live, packets never wait: the hit is lost, and counted.
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
	bool is_live;        // never waits
	uint32_t generation; // of what judges now; 0: no sensor
	uint64_t hits;
	uint64_t hits_lost;
};

// HOT. Sets the hit's generation; copies it and its observable's text.
void emit_hit(struct emitter *emitter, struct hit *hit);

// The origin of an observable in `packet`.
void emit_origin(const struct packet *packet, uint32_t capture_id, struct origin *ret_origin);
