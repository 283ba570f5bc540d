// app/daemon_devices.h — the devices of a sensor by name, and those with the XDP program.
//
// The number of a device is origin.capture_id of its hits: 2 * link, and 1 more for the peer.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/report.h"
#include "dataplane/dpdk.h"
#include "dataplane/sensor.h"
#include "ebpf/ebpf.h"
#include "loader/config_sensor.h"

enum { DAEMON_DEVICES_MAX = 2 * SENSOR_LINKS_MAX };

struct daemon_devices {
	struct sensor_link links[SENSOR_LINKS_MAX];
	unsigned link_count;
	const char *names[DAEMON_DEVICES_MAX]; // by number; "" where there is none
	unsigned count;
	unsigned indices[DAEMON_DEVICES_MAX]; // of interfaces; 0: none of the kernel's

	// With the XDP program, one after the other.
	struct xdp *xdps[DAEMON_DEVICES_MAX];
	const char *xdp_names[DAEMON_DEVICES_MAX];
	char *pin_paths[DAEMON_DEVICES_MAX]; // NULL: the default
	uint32_t xdp_numbers[DAEMON_DEVICES_MAX];
	unsigned xdp_count;
	bool has_taken_over; // one was there, of a process before

	struct dpdk *dpdk; // NULL: another backend
};

// Does this mode have the XDP program on its devices?
bool daemon_devices_need_xdp(const struct sensor_config *config);

// Names the devices, attaches the program where it is needed, or starts DPDK. `config` is borrowed.
// What is wrong is told in `report`. daemon_devices_close() in any case. Returns 0 or an error.
int daemon_devices_open(const struct sensor_config *config, bool is_dry_run, struct report *report,
                        struct daemon_devices *devices);

// The programs stay attached.
void daemon_devices_close(struct daemon_devices *devices);

// The name of an interface that was there and is not any more, also when another one has its name
// by now; NULL: all are.
const char *daemon_devices_gone(const struct daemon_devices *devices);

// The workers are alive.
void daemon_devices_beat(const struct daemon_devices *devices);

void daemon_devices_set_dry_run(const struct daemon_devices *devices, bool is_dry_run);
