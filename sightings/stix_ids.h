// sightings/stix_ids.h — the ids of STIX objects: always the same for the same thing.
//
// Cyber-observables have the ids that STIX 2.1, section 2.9 gives them, so that everyone's agree.
// Ours are version 5 UUIDs in a name space of our own over the canonical JSON (RFC 8785) of an
// array of strings, which is never changed once released: the type, then
//   indicator      the feed's name, the value as the list had it
//   identity       the sensor's name
//   sighting       indicator, sensor, the capture's file name and its start (empty when not told),
//   profile observed-data  sighting, time, packet, observable, network traffic bundle         the
//   sightings it holds
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "engine/indicator.h"

enum { STIX_ID_BYTES = 64 }; // "marking-definition--", 36 characters, and a NUL, and room

struct stix_id {
	char text[STIX_ID_BYTES];
};

// Is `text` "<type>--<UUID>"? (STIX 2.1, section 2.9)
bool stix_ids_is_id(struct slice text, const char *type);

// An id of our own. Returns 0 or -ENOMEM.
int stix_ids_make(const char *type, const struct slice parts[], size_t part_count,
                  struct stix_id *ret_id);

// The id of a cyber-observable. `contributing` is the canonical JSON of its properties that
// count (section 6, "ID Contributing Properties"). Returns 0 or -ENOMEM.
int stix_ids_observable(const char *type, struct slice contributing, struct stix_id *ret_id);

// The indicator's own id, or the one made for the entry of a list, which has none (or one that
// is not a STIX id). Returns 0 or -ENOMEM.
int stix_ids_of_indicator(const struct indicator *indicator, struct stix_id *ret_id);
