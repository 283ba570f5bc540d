// sightings/observable_text.h — an observable as it is written.
#pragma once

#include "engine/hit.h"
#include "engine/normalize.h"

// Room for what is not text in the observable itself.
struct observable_text {
	char bytes[2 * HASH_BYTES_MAX + 1];
};

// The value: an address in its usual form, a digest in hex, else the observable's own text.
// Valid as long as `observable` and `room` are.
struct slice observable_text(const struct observable *observable, struct observable_text *room);
