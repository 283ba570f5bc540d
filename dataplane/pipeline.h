// dataplane/pipeline.h — what happens to a packet, in order.
//
// One pipeline per worker, reused for one capture after the other, or for the paths of a live
// sensor: flows, streams and hits are its own. All memory is reserved when it is opened.
#pragma once

#include "dataplane/dataplane.h"
#include "dataplane/port.h"
#include "dataplane/sensor.h"

struct pipeline;

// Of a sensor's worker. The database is the publisher's; hits that find no room are lost.
struct pipeline_live {
	struct publisher *publisher;
	unsigned reader;
	bool is_fail_closed; // struct sensor_options
	bool has_resets;
	bool has_nxdomain;
};

// From where packets come, and where they go.
struct pipeline_path {
	struct port *port;
	struct port *peer;          // connected to it: packets wait for their verdict; NULL
	struct xdp *xdp, *peer_xdp; // are told of flows that are done; NULL
	struct xdp *const *xdps;    // of condemned ones: all that their packets may come in by
	unsigned xdp_count;
	uint32_t capture_id;
};

struct pipeline_options {
	const struct database *database;  // NULL: observe
	const struct pipeline_live *live; // NULL: captures; `database` is NULL, too
	struct ring *ring;                // for hits, NULL: observe
	size_t flow_budget_bytes;
	size_t stream_budget_bytes;
	bool (*is_abandoned)(void *context); // asked while the ring is full
	void *context;
	void (*observe)(void *context, const struct origin *origin,
	                const struct observable *observable);
	void (*observe_file)(void *context, const struct origin *origin,
	                     const struct file_seen *file);
	void *observe_context;
	struct traffic_settings traffic;
};

// Copies `options`. Returns 0 and gives it to the caller (pipeline_free), or -ENOMEM, or -EINVAL
// when the database's patterns cannot be matched on this CPU.
int pipeline_create(const struct pipeline_options *options, struct pipeline **ret_pipeline);

// Accepts NULL. What is open is dropped.
void pipeline_free(struct pipeline *pipeline);
DEFINE_AUTO(pipeline, pipeline_free)

// The packets that follow are of this capture, numbered from 1.
void pipeline_begin(struct pipeline *pipeline, uint32_t capture_id);

// HOT. Flows that are over at `time_ns` end. Until the next pipeline_begin() nothing else ends them
// for their time: who sees only some of the packets is told how it passes.
void pipeline_advance(struct pipeline *pipeline, int64_t time_ns);

// HOT. One batch from `port` through every station. Returns how many packets it had; 0: the end.
unsigned pipeline_run(struct pipeline *pipeline, struct port *port);

// HOT. Likewise, live: asks for the database first; the packets go on or are dropped.
unsigned pipeline_run_live(struct pipeline *pipeline, const struct pipeline_path *path,
                           bool is_dry_run);

// Live, when nothing came: what is over at `time_ns`, by the packets' clock, ends, and a new
// database is taken up.
void pipeline_idle(struct pipeline *pipeline, int64_t time_ns);

// The time of the last packet; TIMESTAMP_MIN when there was none.
int64_t pipeline_last_time_ns(const struct pipeline *pipeline);

// Ends all flows: their hits are written, also live as soon as there is room. Live, the database is
// left, and nothing may follow.
void pipeline_end(struct pipeline *pipeline);

// Since the pipeline was created.
void pipeline_counters(const struct pipeline *pipeline, struct dataplane_counters *ret_counters);

// Live. What a pipeline knows of a worker's figures; the others are left alone.
void pipeline_figures(const struct pipeline *pipeline, struct sensor_figures *figures);

// Packets, bytes and times of the current capture; its report is told of a link type that is not
// decoded. The other fields are left alone.
void pipeline_capture_result(const struct pipeline *pipeline, struct capture_result *ret_result);
