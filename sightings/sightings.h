// sightings/sightings.h — hits in, sightings out. The folder's public header.
//
// One thread: app drains the workers' rings into sightings_add(), then writes. However many hits
// there are, memory is bounded: sorted runs go to an unlinked temporary file.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "engine/hit.h"
#include "engine/match.h"

struct sightings;

struct sightings_options {
	const struct database *database; // borrowed
	const char *const *captures;     // paths by capture_id, borrowed
	uint32_t capture_count;
	size_t memory_bytes; // for hits before they are spilled; 0: 256 MB
};

// Returns 0 and gives the object to the caller (sightings_free), or -ENOMEM.
int sightings_create(const struct sightings_options *options, struct sightings **ret_sightings);

// Accepts NULL.
void sightings_free(struct sightings *sightings);
DEFINE_AUTO(sightings, sightings_free)

// Copies one record of a worker's ring (engine/hit.h). Returns 0, -ENOMEM, or the error of the
// temporary file.
int sightings_add(struct sightings *sightings, struct slice record);

// Tells when a capture began: the time of its first packet, for the ids of its sightings. Before
// the writers; of a capture that this is not told of, the start does not count.
void sightings_set_capture_start(struct sightings *sightings, uint32_t capture_id,
                                 int64_t first_time_ns);

// Nothing is told of this capture. Before sightings_finish().
void sightings_leave_out(struct sightings *sightings, uint32_t capture_id);

struct sightings_summary {
	uint64_t hits;
	uint64_t hits_outside_validity; // "expired" or "early" at their time; part of `hits`
	uint64_t indicators;            // distinct
	uint64_t by_type[OBSERVABLE_TYPE_COUNT];
};

// After the last sightings_add(): sorts by time, capture, packet, indicator id, then the rest of
// the hit, so that equal input gives equal output. Call once, before the writers.
int sightings_finish(struct sightings *sightings, struct sightings_summary *ret_summary);

// Each writer may be called once, in any order, after sightings_finish().
// They return 0, -ENOMEM, or the error of writing.

struct table_options {
	unsigned width; // columns of the terminal, 0: unbounded
	bool has_color;
	uint64_t hits_max; // further hits are counted, not listed; 0: all
};
// For people: values defanged, control characters removed.
int sightings_write_table(struct sightings *sightings, FILE *file,
                          const struct table_options *options);

// One JSON object a hit and line, names in the manner of Suricata's EVE.
int sightings_write_json(struct sightings *sightings, FILE *file);

// Appends one observable as such an object and line, whether or not it met an indicator. Any
// thread.
struct buffer;
void sightings_append_observable(struct buffer *json, const char *capture,
                                 const struct origin *origin, const struct observable *observable);

// Likewise a file, as an object with "event_type":"fileinfo".
void sightings_append_file(struct buffer *json, const char *capture, const struct origin *origin,
                           const struct file_seen *file);

// A hit of a running sensor, with all that is borrowed for the call.
struct sensor_hit {
	const struct hit *hit;
	const struct database *database; // that judged it
	const char *sensor;              // its name
	const char *device;              // that the packet came in by
};
// Appends it as such an object and line, with "host" and "in_iface" instead of the capture. False,
// with nothing appended, when the database does not know its indicator (a damaged one). Any thread.
bool sightings_append_hit(struct buffer *json, const struct sensor_hit *seen);

// Tells each hit within its indicator's validity, in order of time; an error of `visit` ends it.
int sightings_each_hit(struct sightings *sightings,
                       int (*visit)(void *context, const struct indicator *indicator,
                                    int64_t time_ns),
                       void *context);

struct stix_options {
	const char *sensor;  // name of the sensor's identity
	bool has_indicators; // add the indicators as received
	bool has_all;        // also hits outside their indicator's validity, or beside its pattern
	unsigned observed_max; // observed-data per sighting; 0: 10
};

struct stix_summary {
	uint64_t sightings;
	uint64_t objects;
	uint64_t indicators_not_kept; // asked for by has_indicators, not in the database
	// Left out: names below the one that a STIX pattern equals, which do not match it.
	uint64_t hits_beside_patterns;
};

// A STIX 2.1 bundle: the sensor's identity, one sighting per indicator and capture with its
// observed-data, SCOs, marking definitions, and indicator objects for entries of lists.
// An empty bundle when there were no hits. Hits whose action is below alert are left out.
int sightings_write_stix(struct sightings *sightings, FILE *file,
                         const struct stix_options *options, struct stix_summary *ret_summary);
