// loader/config_sensor.h — `sensor:` of sekisho.yaml: what `sekisho run` listens on, and does.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SENSOR_LINKS_MAX = 16 };

enum sensor_mode {
	SENSOR_TAP,
	SENSOR_INLINE_XDP,
	SENSOR_INLINE_AFXDP,
	SENSOR_INLINE_DPDK,
	SENSOR_MODE_COUNT,
};
const char *sensor_mode_name(unsigned mode); // "tap", "inline-xdp", "inline-afxdp", "inline-dpdk"

struct sensor_link_config {
	const char *device;
	const char *peer; // inline-afxdp, inline-dpdk; else NULL
};

struct sensor_config {
	const char *name; // of the sensor in hits and sightings; the host's when not set
	enum sensor_mode mode;
	// Of the ports. A tap: "af-packet" (default), "pcap", "afxdp", "dpdk", "replay"; inline: by
	// mode, "xdp-copy", "afxdp", "dpdk".
	const char *backend;
	const struct sensor_link_config *links;
	unsigned link_count; // 0: there is no `sensor:`
	unsigned worker_count;
	const uint16_t *cpus; // one a worker, or NULL: the first ones that this process may use
	bool is_fail_closed;
	bool is_dry_run;
	bool has_resets;
	bool has_nxdomain;
	bool must_check_sums; // what has a wrong one carries nothing
	bool has_local_dns;   // mDNS and LLMNR are DNS, too
	bool is_promiscuous;
	bool is_busy;
	uint32_t stale_ms; // without a sign of life of the workers
	size_t flow_budget_bytes, stream_budget_bytes, buffer_bytes;
	uint64_t packets_per_s; // replay

	const char *const *dpdk_arguments; // of the EAL, as they are
	unsigned dpdk_argument_count;
	bool is_xdp_generic;
	bool must_copy; // afxdp
	uint32_t xdp_flow_slots;
	const char *pin_path;

	const char *hits_path; // JSON lines, appended, opened anew on SIGHUP; "-": standard output
	const char *sightings_path; // a folder: one STIX bundle a window; NULL: none
	uint32_t window_s;          // of sightings
	const char *control_path;
	const char *metrics_address; // "127.0.0.1:9477"; NULL: none
	const char *user;            // whose rights remain; NULL: those of who started it
	const char *public_key_path; // databases must be signed by it; NULL: need not be
};
