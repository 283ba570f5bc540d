// dataplane/port_dpdk_device.h — one ethdev, which all of its queues' ports share.
//
// A device is configured and started with all of its queues when the first of them is opened, and
// stopped and closed with the last; DPDK cannot open it again then. What is known of it lies in
// memory that the EAL finds by name, like the device itself. Queues are opened and closed by one
// thread at a time.
#pragma once

#include <stdatomic.h>

#include <rte_ethdev.h>
#include <rte_mempool.h>

#include "dataplane/port.h"

struct dpdk_device {
	struct rte_mempool *pool; // of all queues, also for frames of our own
	struct rte_eth_stats stats_before;
	uint32_t frame_bytes_max;
	uint16_t id; // of the EAL
	uint16_t queue_count;
	uint16_t open_count;    // of ports
	bool gives_chains;      // a frame may come in several buffers
	bool takes_chains;      // and leave so
	bool is_capture_driver; // net_pcap: frames carry the capture's time
	bool changes_frames;    // net_af_packet: joins fragments, and makes 802.1ad tags 802.1Q
	atomic_bool is_gone;    // written by the EAL's thread of events, read by workers
};

// Returns 0 and counts one more port, or an error with the reason in asked->report.
int port_dpdk_device_open(const struct port_device *asked, struct dpdk_device **ret_device);

// One port fewer.
void port_dpdk_device_close(struct dpdk_device *device);

// Takes what is not meant for this host, as the wire it stands in for would. Returns 0 or an error.
int port_dpdk_device_listen(struct dpdk_device *device);
