// tests/fuzz/fuzz_pipeline.h — frames in memory through all stations, for the targets that fuzz the
// whole engine.
#pragma once

#include <string.h>

#include "base/hash.h"
#include "dataplane/pipeline.h"
#include "dataplane/pipeline_parts.h"
#include "tests/fuzz/fuzz.h"

// A port over frames in memory.
struct fuzz_port {
	struct port port;
	const struct frame *frames;
	unsigned count;
	unsigned next;
	unsigned burst; // packets at once
};

static inline unsigned fuzz_port_receive(struct port *port, struct frame frames[PORT_BURST_MAX])
{
	struct fuzz_port *memory = (struct fuzz_port *)port;
	unsigned count = memory->count - memory->next;

	if (count > memory->burst)
		count = memory->burst;
	if (count > 0)
		memcpy(frames, memory->frames + memory->next, count * sizeof(*frames));
	memory->next += count;
	return count;
}

static inline void fuzz_port_release(struct port *port, const enum verdict verdicts[])
{
	(void)port;
	(void)verdicts;
}

static const struct port_ops fuzz_port_ops = {
	.name = "memory", .receive = fuzz_port_receive, .release = fuzz_port_release};

// What was observed, whatever its order.
struct fuzz_seen {
	bool has_numbers; // of packets count, too
	uint64_t digest;
	uint64_t count;
};

static inline void fuzz_seen_observe(void *context, const struct origin *origin,
                                     const struct observable *observable)
{
	struct fuzz_seen *seen = context;
	uint64_t value = hash_word(seen->has_numbers ? origin->packet_number : 1,
	                           (uint64_t)observable->where << 8 | observable->type);

	FUZZ_ASSERT(origin->packet_number > 0);
	FUZZ_ASSERT(observable->text.size <= URL_BYTES_MAX);
	if (observable->type == OBSERVABLE_ADDRESS)
		value = hash_bytes(value, &observable->address, sizeof(observable->address));
	else
		value = hash_bytes(value, observable->text.data, observable->text.size);
	seen->digest += value;
	seen->count++;
}

static inline void fuzz_seen_observe_file(void *context, const struct origin *origin,
                                          const struct file_seen *file)
{
	struct fuzz_seen *seen = context;
	uint64_t value = hash_word(seen->has_numbers ? origin->packet_number : 1, file->where);

	FUZZ_ASSERT(origin->packet_number > 0);
	FUZZ_ASSERT(file->is_whole || file->algorithms == 0);
	value = hash_word(value, file->size_bytes << 1 | file->is_whole);
	value = hash_bytes(value, file->name.data, file->name.size);
	value = hash_bytes(value, file->media_type.data, file->media_type.size);
	if (file->algorithms & 1u << HASH_SHA256)
		value = hash_bytes(value, file->digests[HASH_SHA256],
		                   hash_algorithm_bytes[HASH_SHA256]);
	seen->digest += value;
	seen->count++;
}

static inline bool fuzz_always(void *context)
{
	(void)context;
	return true;
}

// `database`: match; NULL: observe into `seen`. Budgets that a capture of a few hundred packets
// cannot use up. To be kept: making one takes longer than most captures.
static inline struct pipeline *fuzz_pipeline(const struct database *database, struct ring *ring,
                                             struct fuzz_seen *seen)
{
	const struct pipeline_options options = {
		.database = database,
		.ring = ring,
		.flow_budget_bytes = 64 * 4096,
		.stream_budget_bytes = 32 * 1024 * 1024,
		.is_abandoned = fuzz_always,
		.observe = database == NULL ? fuzz_seen_observe : NULL,
		.observe_file = database == NULL ? fuzz_seen_observe_file : NULL,
		.observe_context = seen,
		.traffic = {.has_local_dns = true},
	};
	struct pipeline *pipeline;

	FUZZ_ASSERT(pipeline_create(&options, &pipeline) == 0);
	return pipeline;
}

// Runs the frames as one capture, to the flows' end: nothing may be left.
static inline void fuzz_pipeline_run(struct pipeline *pipeline, const struct frame frames[],
                                     unsigned count, unsigned burst)
{
	struct fuzz_port port = {
		.port = {&fuzz_port_ops}, .frames = frames, .count = count, .burst = burst};
	const struct content *content = &pipeline->content;

	pipeline_begin(pipeline, 0);
	while (pipeline_run(pipeline, &port.port) > 0)
		continue;
	pipeline_end(pipeline);
	FUZZ_ASSERT(pipeline->flows.flows.used == 0);
	FUZZ_ASSERT(content->streams.streams.used == 0 && content->streams.pieces.used == 0);
	FUZZ_ASSERT(content->streams.small.used == 0 && content->streams.large.used == 0);
}
