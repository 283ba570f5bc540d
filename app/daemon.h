// app/daemon.h — the running sensor, as `sekisho run` holds it together.
//
// Threads: the main one (signals, control socket, metrics, heartbeat, watchdog), one a worker
// (dataplane/sensor.h), one that opens databases and puts them in force (daemon_publish.h), and one
// that drains the rings and writes hits and sightings (daemon_output.h). Whatever needs CAP_BPF or
// CAP_NET_ADMIN after the start is done by a small helper process, asked over a socket pair
// (daemon_helper.h).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/sensor.h"
#include "ebpf/ebpf.h"
#include "engine/match.h"

enum { DAEMON_LINKS_MAX = 16 };

// Everything that metrics, `top` and `ctl` tell. One table (app/metrics.c) names each field.
struct daemon_figures {
	const char *version;
	const char *mode;    // "tap", "inline-xdp" …
	const char *backend; // of ports
	bool is_dry_run;
	bool is_fail_closed;
	int64_t started_ns; // CLOCK_REALTIME
	int64_t now_ns;
	int64_t monotonic_ns; // CLOCK_MONOTONIC at the same moment, beside the workers' beats

	bool has_database;
	struct database_info database;
	uint32_t generation;        // published
	unsigned publications;      // that are still held, the current one included
	uint64_t reloads;           // that took effect
	uint64_t reload_failures;   // that left what was there in force
	int64_t reloaded_ns;        // the last that took effect; 0: none
	int64_t reload_duration_ns; // of that one, from opening to the maps' exchange

	uint64_t hits_written;
	uint64_t sightings_written;
	uint64_t outputs_failed; // hits that could not be written: full disk …

	unsigned worker_count;
	struct sensor_figures workers[SENSOR_WORKERS_MAX];

	unsigned link_count; // devices, not pairs
	const char *link_names[2 * DAEMON_LINKS_MAX];
	bool link_is_up[2 * DAEMON_LINKS_MAX];

	unsigned xdp_count; // devices with the XDP program
	struct xdp_status xdp[2 * DAEMON_LINKS_MAX];
};
