// dataplane/match_batch.h — observables on their way to match_find().
//
// Extractors and the pipeline add to it; it asks the database when it is full or told to, and
// emits the hits. When observing, every observable goes to the observer at once instead.
#pragma once

#include <stdint.h>

#include "dataplane/dataplane.h"
#include "dataplane/emit.h"
#include "dataplane/extract.h"

enum {
	MATCH_TEXT_BYTES = 4 * URL_BYTES_MAX,
	MATCH_NO_PACKET = UINT16_MAX, // of the batch: a flow ended
};

struct match_batch {
	struct extract_output output;  // first: what extractors are given
	const struct packet *packet;   // the one on whose behalf observables are added
	struct match_context *context; // borrowed; NULL when observing
	struct emitter *emitter;       // borrowed
	uint32_t capture_id;
	uint16_t position; // of `packet` in the batch of packets, or MATCH_NO_PACKET
	// Those that stay what they are until match_batch_run(): of others the origin is kept.
	// NULL: none.
	const struct packet *packets;
	size_t packets_bytes;
	// Live: what a match does to the packet at `position`. NULL: nothing.
	enum hit_outcome (*judge)(void *context, const struct match *match,
	                          const struct observable *observable, unsigned position);
	void *judge_context;
	void (*observe)(void *context, const struct origin *origin,
	                const struct observable *observable);
	void (*observe_file)(void *context, const struct origin *origin,
	                     const struct file_seen *file);
	void *observe_context;
	uint64_t observable_count[OBSERVABLE_TYPE_COUNT];

	unsigned count;
	size_t text_bytes;
	struct observable observables[MATCH_BATCH_MAX];
	const struct packet *observed_in[MATCH_BATCH_MAX]; // NULL: its origin is among `origins`
	uint16_t positions[MATCH_BATCH_MAX];
	struct origin origins[MATCH_BATCH_MAX];
	uint8_t text[MATCH_TEXT_BYTES];
};

// Empties the batch and sets the functions of `output`; the other fields are the caller's, before.
void match_batch_init(struct match_batch *batch);

// HOT. Adds an observable of batch->packet; its text is copied.
void match_batch_add(struct match_batch *batch, const struct observable *observable);

// HOT. Matches what was added and emits the hits.
void match_batch_run(struct match_batch *batch);
