// dataplane/pipeline.h — what happens to a packet, in order.
//
// One pipeline per worker, reused for one capture after the other: flows, streams and hits are
// its own. All memory is reserved when it is opened.
#pragma once

#include "dataplane/dataplane.h"
#include "dataplane/port.h"

struct pipeline;

struct pipeline_options {
	const struct database *database; // NULL: observe
	struct ring *ring;               // for hits, NULL: observe
	size_t flow_budget_bytes;
	size_t stream_budget_bytes;
	bool (*is_abandoned)(void *context); // asked while the ring is full
	void *context;
	void (*observe)(void *context, const struct origin *origin,
	                const struct observable *observable);
	void *observe_context;
};

// Copies `options`. Returns 0 and gives it to the caller (pipeline_free), or -ENOMEM, or -EINVAL
// when the database's patterns cannot be matched on this CPU.
int pipeline_create(const struct pipeline_options *options, struct pipeline **ret_pipeline);

// Accepts NULL. What is open is dropped.
void pipeline_free(struct pipeline *pipeline);
DEFINE_AUTO(pipeline, pipeline_free)

// The packets that follow are of this capture, numbered from 1.
void pipeline_begin(struct pipeline *pipeline, uint32_t capture_id);

// HOT. One batch from `port` through every station. Returns how many packets it had; 0: the end.
unsigned pipeline_run(struct pipeline *pipeline, struct port *port);

// Ends all flows: their hits are written.
void pipeline_end(struct pipeline *pipeline);

// Since the pipeline was created.
void pipeline_counters(const struct pipeline *pipeline, struct dataplane_counters *ret_counters);

// Packets, bytes and times of the current capture; its report is told of a link type that is not
// decoded. The other fields are left alone.
void pipeline_capture_result(const struct pipeline *pipeline, struct capture_result *ret_result);
