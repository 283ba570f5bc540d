// sightings/stix_objects.h — the domain objects that a bundle of sightings is made of.
//
// Each adds one object. Times come from packets, never from the clock; objects that have nothing
// to do with a packet have fixed ones, so that an id always stands for the same content.
#pragma once

#include "engine/hit.h"
#include "sightings/stix_bundle.h"
#include "sightings/stix_markings.h"
#include "sightings/stix_observables.h"

// The identity of a sensor, and its id.
void stix_objects_add_sensor(struct stix_bundle *bundle, struct slice name, struct stix_id *ret_id);

struct stix_entry {
	const struct stix_id *id;
	const struct indicator *indicator;
	const struct database *database; // it is in
	const struct hit *hit;           // one of its
};

// The entry of a list as an indicator. Without a date of its own it is valid since 1970, for
// ever.
void stix_objects_add_entry(struct stix_bundle *bundle, const struct stix_entry *entry);

struct stix_observation {
	const struct stix_id *sighting;
	const struct stix_id *sensor;
	const struct stix_markings *markings;
	const struct hit *hit;
};

// The observed-data of one hit, with its observables; its id.
void stix_objects_add_observation(struct stix_bundle *bundle,
                                  const struct stix_observation *observation,
                                  struct stix_id *ret_id);

struct stix_sighting {
	struct stix_id id;
	struct stix_id indicator;
	const struct stix_id *sensor;
	const struct stix_markings *markings;
	const struct stix_id *observations;
	size_t observation_count;
	uint64_t count;
	uint64_t beside_count; // of those: names below the one that the pattern equals
	int64_t first_seen_ns;
	int64_t last_seen_ns;
};

void stix_objects_add_sighting(struct stix_bundle *bundle, const struct stix_sighting *sighting);
