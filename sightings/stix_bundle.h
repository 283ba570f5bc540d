// sightings/stix_bundle.h — the objects of a STIX 2.1 bundle while it is made.
//
// Objects come in any order and any number of times; they are written once each, in a stable
// order, and in bounded memory. One owner, one thread. Like a buffer, a bundle that has failed
// stays so: every later call does nothing, and the writer looks at `error` once, at the end.
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/buffer.h"
#include "sightings/sorter.h"
#include "sightings/stix_ids.h"

// In the order of writing: what is referred to comes before what refers to it.
enum stix_class {
	STIX_SENSOR,
	STIX_MARKING,
	STIX_CREATOR,
	STIX_INDICATOR,
	STIX_OBSERVABLE,
	STIX_OBSERVED_DATA,
	STIX_SIGHTING,
};

struct stix_bundle {
	struct sorter *objects;
	struct stix_id id; // follows from the sightings
	struct buffer text;
	uint64_t sighting_count;
	uint64_t object_count; // after stix_bundle_write()
	int error;             // 0, -ENOMEM, or the error of a file
};

// Returns 0 or -ENOMEM. stix_bundle_close() in any case.
int stix_bundle_open(size_t memory_bytes, struct slice profile, struct stix_bundle *ret_bundle);
void stix_bundle_close(struct stix_bundle *bundle);

// Adds an object; one of the same class, time and id is not added again. `time_ns` orders the
// objects of a class. `json` is the whole object.
void stix_bundle_add(struct stix_bundle *bundle, enum stix_class class, int64_t time_ns,
                     struct slice id, struct slice json);

// Writes "{"type":"bundle", ...}", one object a line; without "objects" when there is none
// (an empty list is not allowed: STIX 2.1, section 8). Returns `error`, or the error of writing.
int stix_bundle_write(struct stix_bundle *bundle, FILE *file);
