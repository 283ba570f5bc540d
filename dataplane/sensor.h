// dataplane/sensor.h — workers on live ports. Public, beside dataplane.h.
//
// A sensor watches links. Of a tap a link is one device; inline it is two, and what passes one
// leaves by the other. Worker i has queue i of every device of every link, is pinned to its own
// core, and asks the publisher for the database once a batch. Nothing is shared between workers.
// origin.capture_id of its hits is 2 * link, and 1 more for what came in by the peer.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/ring.h"
#include "dataplane/dataplane.h"
#include "engine/publish.h"

enum {
	SENSOR_WORKERS_MAX = 64,
	SENSOR_LATENCY_BUCKETS = 24,  // by powers of two of nanoseconds
	SENSOR_LATENCY_FIRST_NS = 64, // what the first of them is below
	SENSOR_BATCH_BUCKETS = 8, // batches of 1, 2-3, 4-7 … 64 packets; the first: empty polls
};

struct sensor_link {
	const char *device;
	const char *peer;     // inline; NULL: a tap
	struct xdp *xdp;      // of `device` (afxdp, xdp-copy), borrowed; NULL
	struct xdp *peer_xdp; // of `peer`
};

struct sensor_options {
	const char *backend; // of ports: "af-packet", "pcap", "afxdp", "dpdk", "replay", "xdp-copy"
	const struct sensor_link *links;
	unsigned link_count;
	unsigned worker_count;       // 1-SENSOR_WORKERS_MAX; also queues of each device
	const uint16_t *cpus;        // one a worker; NULL: not pinned
	struct publisher *publisher; // readers are the workers; borrowed
	struct ring *const *rings;   // for hits, one a worker, borrowed
	size_t flow_budget_bytes;    // per worker, 0: a default
	size_t stream_budget_bytes;
	size_t buffer_bytes;    // struct port_device
	uint64_t packets_per_s; // replay
	bool must_copy;         // struct port_device
	bool is_promiscuous;
	bool is_busy;        // poll without ever sleeping
	bool is_dry_run;     // nothing is dropped; hits say what would have been
	bool has_resets;     // a dropped TCP flow is reset at both ends
	bool has_nxdomain;   // a dropped DNS query is answered NXDOMAIN
	bool is_fail_closed; // without a database nothing passes; else everything
	struct traffic_settings traffic;
	struct report *report; // what the user should know about the ports; borrowed
	// Called when every port is open and before the first thread is started, so that what the
	// caller drops of its privileges no thread has; an error ends the start. NULL: nothing.
	int (*opened)(void *context);
	void *opened_context;
};

// Why packets were dropped.
enum drop_cause {
	DROP_ADDRESS,     // the first packets of a flow from or to a listed address
	DROP_DNS,         // a message that asks for or answers with a listed name
	DROP_TLS,         // the segment that completes a ClientHello
	DROP_HTTP,        // likewise a request
	DROP_CONDEMNED,   // what came after it in the same flow
	DROP_NO_DATABASE, // fail-closed
	DROP_CAUSE_COUNT,
};
const char *drop_cause_name(enum drop_cause cause); // "address", "dns" …

// Stations of pipeline_run(), for the cycles they cost.
enum stage {
	STAGE_RECEIVE,
	STAGE_DECODE,
	STAGE_FLOW,
	STAGE_EXTRACT, // and stream
	STAGE_MATCH,
	STAGE_RELEASE,
	STAGE_COUNT,
};
const char *stage_name(enum stage stage); // "receive", "decode" …

// Of one worker, or several added up. Everything grows from 0, unless said.
struct sensor_figures {
	struct dataplane_counters counters;
	uint64_t received, missed, sent, unsent, refused; // of its ports, added up
	uint64_t drops[DROP_CAUSE_COUNT];
	uint64_t would_drops[DROP_CAUSE_COUNT]; // dry run
	uint64_t bytes_dropped;
	uint64_t resets_sent;
	uint64_t nxdomains_sent;
	uint64_t hits_lost;                 // the ring was full
	uint64_t stage_cycles[STAGE_COUNT]; // of the time-stamp counter, over sampled batches
	uint64_t stage_packets;             // packets of those batches
	uint64_t batches[SENSOR_BATCH_BUCKETS];
	uint64_t latency[SENSOR_LATENCY_BUCKETS]; // of packets, receive to release
	uint64_t latency_sum_ns;
	uint64_t flows_now, flows_max; // not growing: table occupancy
	uint64_t streams_now, streams_max;
	uint64_t condemned_now;
	uint32_t generation; // that the worker uses; of several the oldest
	int64_t beat_ns; // CLOCK_MONOTONIC, when its loop came round last; of several the oldest
};

struct sensor;

// Opens every port, then starts the threads; what fails is told in `report` with what can be done
// about it. Ports are open when this returns, so privileges may be dropped then. `options` and what
// it points to must outlive the sensor. Returns 0 and gives it to the caller (sensor_free), or an
// error.
int sensor_start(const struct sensor_options *options, struct sensor **ret_sensor);

// Any thread, while the sensor lives: figures of `worker`, as of its last batch or so.
void sensor_figures(const struct sensor *sensor, unsigned worker,
                    struct sensor_figures *ret_figures);
void sensor_figures_add(struct sensor_figures *sum, const struct sensor_figures *figures);

// Any thread: from its next batches on, does the sensor drop, or only say so?
void sensor_set_dry_run(struct sensor *sensor, bool is_dry_run);

// Links that are down now, as bits by number of link (the first 64).
uint64_t sensor_links_down(const struct sensor *sensor);

// True when every worker has ended: stopped, or nothing will come any more.
bool sensor_is_done(const struct sensor *sensor);

// Asks the workers to end after their current batch; open flows' hits are written. The rings have
// to be emptied until the sensor is done. Async-signal-safe.
void sensor_stop(struct sensor *sensor);

// Stops and joins what still runs, closes the ports. Accepts NULL.
void sensor_free(struct sensor *sensor);
DEFINE_AUTO(sensor, sensor_free)
