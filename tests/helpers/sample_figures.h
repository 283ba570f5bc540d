// tests/helpers/sample_figures.h — figures of a daemon, each of them another number.
#pragma once

#include "app/daemon.h"

static inline struct sensor_figures sample_worker(uint64_t factor)
{
	struct sensor_figures worker = {
		.counters.packets = 1000000 * factor,
		.counters.bytes = 700000000 * factor,
		.counters.packets_not_ip = 11 * factor,
		.counters.packets_malformed = 12 * factor,
		.counters.fragments = 13 * factor,
		.counters.flows = 20000 * factor,
		.counters.flows_evicted = 14 * factor,
		.counters.stream_gaps = 15 * factor,
		.counters.hits = 321 * factor,
		.received = 1000100 * factor,
		.missed = 100 * factor,
		.sent = 990000 * factor,
		.unsent = 17 * factor,
		.refused = 18 * factor,
		.bytes_dropped = 6000000 * factor,
		.resets_sent = 19 * factor,
		.nxdomains_sent = 21 * factor,
		.hits_lost = 22 * factor,
		.stage_packets = 1000 * factor,
		.latency_sum_ns = 1234567891 * factor,
		.flows_now = 5000 + factor,
		.flows_max = 1000000,
		.streams_now = 200 + factor,
		.streams_max = 40000,
		.condemned_now = 23 + factor,
		.generation = 7,
		.beat_ns = 5000000000,
	};

	for (unsigned i = 0; i < OBSERVABLE_TYPE_COUNT; i++)
		worker.counters.observables[i] = (1000 + i) * factor;
	for (unsigned i = 0; i < DROP_CAUSE_COUNT; i++)
		worker.drops[i] = (100 + i) * factor;
	for (unsigned i = 0; i < STAGE_COUNT; i++)
		worker.stage_cycles[i] = (50000 + 1000 * i) * factor;
	for (unsigned i = 0; i < SENSOR_BATCH_BUCKETS; i++)
		worker.batches[i] = (300 + i) * factor;
	worker.batches[SENSOR_BATCH_BUCKETS - 1] = 14000 * factor;
	for (unsigned i = 4; i < 12; i++)
		worker.latency[i] = (4000 - 300 * i) * factor;
	return worker;
}

static inline struct xdp_status sample_xdp(const char *device, uint64_t factor)
{
	struct xdp_status xdp = {
		.is_attached = true,
		.is_native = true,
		.generation = 7,
		.hosts = 1000000,
		.networks = 100000,
		.map_bytes = 150000000,
	};

	(void)snprintf(xdp.device, sizeof(xdp.device), "%s", device);
	for (unsigned i = 0; i < XDP_REASON_COUNT; i++) {
		xdp.packets[i] = (10000 + i) * factor;
		xdp.bytes[i] = (9000000 + i) * factor;
	}
	return xdp;
}

// Counters are `factor` times those of factor 1. A name is one that nobody would give a device,
// but that may come.
static inline void sample_figures(struct daemon_figures *figures, uint64_t factor)
{
	*figures = (struct daemon_figures){
		.version = "0.1.0",
		.mode = "inline-xdp",
		.backend = "xdp-copy",
		.started_ns = INT64_C(1790000000123456789),
		.monotonic_ns = 5001000000,
		.has_database = true,
		.database.build_id = {0xde, 0xad, 0xbe, 0xef},
		.database.indicators = 1100000,
		.database.ipv4_hosts = 900000,
		.database.names = 64000,
		.database.hashes = {1, 2, 3, 4},
		.database.file_bytes = 123456789,
		.generation = 7,
		.publications = 2,
		.reloads = 6,
		.reload_failures = 1,
		.reloaded_ns = INT64_C(1790000100500000000),
		.reload_duration_ns = 42000001,
		.hits_written = 640 * factor,
		.sightings_written = 31,
		.outputs_failed = 2,
		.worker_count = 2,
		.workers = {sample_worker(factor), sample_worker(2 * factor)},
		.link_count = 2,
		.link_names = {"eth0", "a\"b\\c"},
		.link_is_up = {true, false},
		.xdp_count = 2,
		.xdp = {sample_xdp("eth0", factor), sample_xdp("eth1", 2 * factor)},
	};
}
