// sightings/stix_markings.h — the data markings that an object carries (STIX 2.1, section 7.2).
//
// What the provider set travels: a sighting has every marking of every record it stands for, so
// that the range in which it may be shared is never widened.
#pragma once

#include "engine/match.h"
#include "sightings/stix_bundle.h"

enum { STIX_MARKINGS_MAX = 64 }; // of one object; further ones are left out

struct stix_markings {
	struct stix_id ids[STIX_MARKINGS_MAX];
	unsigned count;
};

// Adds the object_marking_refs of `indicator`, and its TLP if none of them says it (the entry of
// a list; a granular marking).
void stix_markings_add(struct stix_markings *markings, const struct indicator *indicator);

// Appends `,"object_marking_refs":[…]`, or nothing.
void stix_markings_append(const struct stix_markings *markings, struct buffer *json);

// Adds the definitions: TLP's own, and those that `database` has kept as they were received.
void stix_markings_define(const struct stix_markings *markings, const struct database *database,
                          struct stix_bundle *bundle);
