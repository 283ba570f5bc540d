#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>

#undef NS_PER_S // DPDK's, of the same value as ours

#include "base/timestamp.h"
#include "dataplane/port.h"
#include "dataplane/port_dpdk_device.h"

struct port_dpdk {
	struct port port;
	struct dpdk_device *device;
	struct port_dpdk *peer; // NULL: not connected
	struct report *report;  // borrowed
	char name[RTE_ETH_NAME_MAX_LEN];
	uint16_t queue;
	uint16_t burst_count;
	bool is_first_burst;
	int time_offset; // within a buffer, of a capture's time; -1: there is none
	uint64_t time_flag;
	uint64_t received;
	uint64_t sent;
	uint64_t unsent;
	uint64_t refused;
	struct rte_mbuf *burst[PORT_BURST_MAX];
	size_t joined_bytes; // of one frame
	uint8_t *joined;     // frames of the burst that came in several buffers, as one
};

static void port_dpdk_close(struct port *port)
{
	struct port_dpdk *self = (struct port_dpdk *)port;

	if (self->peer != NULL)
		self->peer->peer = NULL;
	rte_pktmbuf_free_bulk(self->burst, self->burst_count);
	port_dpdk_device_close(self->device);
	free(self->joined);
	free(self);
}

// net_pcap gives the capture's own times, in microseconds since 1970. What network cards put there
// counts from their own beginning, in units of their own.
static void find_time(struct port_dpdk *self)
{
	int flag = rte_mbuf_dynflag_lookup(RTE_MBUF_DYNFLAG_RX_TIMESTAMP_NAME, NULL);

	self->time_offset = -1;
	if (!self->device->is_capture_driver || flag < 0)
		return;
	self->time_offset = rte_mbuf_dynfield_lookup(RTE_MBUF_DYNFIELD_TIMESTAMP_NAME, NULL);
	self->time_flag = UINT64_C(1) << flag;
}

static int port_dpdk_open(const struct port_device *device, struct port **ret_port)
{
	struct port_dpdk *self = calloc(1, sizeof(*self));
	int error;

	if (self == NULL)
		return -ENOMEM;
	error = port_dpdk_device_open(device, &self->device);
	if (error < 0) {
		free(self);
		return error;
	}
	self->port.ops = &port_dpdk;
	self->queue = (uint16_t)device->queue;
	self->report = device->report;
	(void)snprintf(self->name, sizeof(self->name), "%s", device->name);
	self->is_first_burst = true;
	find_time(self);
	self->joined_bytes = self->device->frame_bytes_max;
	if (self->device->gives_chains)
		self->joined = malloc(PORT_BURST_MAX * self->joined_bytes);
	if (self->device->gives_chains && self->joined == NULL) {
		port_dpdk_close(&self->port);
		return -ENOMEM;
	}
	*ret_port = &self->port;
	return 0;
}

// What comes in several buffers must be able to leave so.
static int check_chains(const struct port_dpdk *from, const struct port_dpdk *to)
{
	if (!from->device->gives_chains || to->device->takes_chains)
		return 0;
	report_note(from->report, "large frames cannot be forwarded", slice_text(from->name),
	            "it takes them in several buffers, and its peer sends only such of one; use "
	            "two devices of one driver");
	return -ENOTSUP;
}

// A wire takes what is meant for others.
static int listen_to_all(struct port_dpdk *self)
{
	int error = port_dpdk_device_listen(self->device);

	if (error < 0)
		report_note(self->report, "the device cannot be made promiscuous",
		            slice_text(self->name), "a virtual function has to be trusted: %s",
		            rte_strerror(-error));
	return error;
}

static int port_dpdk_connect(struct port *port, struct port *peer)
{
	struct port_dpdk *self = (struct port_dpdk *)port;
	struct port_dpdk *other = (struct port_dpdk *)peer;
	int error = check_chains(self, other);

	if (error == 0)
		error = check_chains(other, self);
	if (error == 0)
		error = listen_to_all(self);
	if (error == 0)
		error = listen_to_all(other);
	if (error < 0)
		return error;
	if (self->device->changes_frames || other->device->changes_frames)
		report_add(self->report,
		           &(struct problem){
				   .reason = "net_af_packet joins fragments, and makes 802.1ad "
					     "tags 802.1Q",
				   .consequence = "noted: what passes is not quite what came",
				   .object = slice_text(self->name),
			   });
	self->peer = other;
	other->peer = self;
	return 0;
}

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

// What decode reads of the burst's frame number `i`: as much of it as any device should give.
static void describe_chain(struct port_dpdk *self, unsigned i, struct frame *frame)
{
	struct rte_mbuf *buffer = self->burst[i];
	uint8_t *joined = self->joined + i * self->joined_bytes;
	uint32_t bytes = buffer->pkt_len < self->joined_bytes ? buffer->pkt_len
	                                                      : (uint32_t)self->joined_bytes;
	uint32_t copied = 0;

	for (; buffer != NULL && copied < bytes; buffer = buffer->next) {
		uint32_t part = bytes - copied < buffer->data_len ? bytes - copied
		                                                  : buffer->data_len;

		memcpy(joined + copied, rte_pktmbuf_mtod(buffer, const uint8_t *), part);
		copied += part;
	}
	frame->data = joined;
	frame->captured_bytes = copied;
}

static void describe(struct port_dpdk *self, unsigned i, int64_t time_ns, struct frame *frame)
{
	struct rte_mbuf *buffer = self->burst[i];

	*frame = (struct frame){
		.data = rte_pktmbuf_mtod(buffer, const uint8_t *),
		.captured_bytes = buffer->data_len,
		.wire_bytes = buffer->pkt_len,
		.time_ns = time_ns,
		.link = LINK_ETHERNET,
	};
	// Of a device that was not to give chains, the first buffer.
	if (buffer->nb_segs > 1 && self->joined != NULL)
		describe_chain(self, i, frame);
	if (self->time_offset >= 0 && (buffer->ol_flags & self->time_flag) != 0)
		frame->time_ns = (int64_t)*RTE_MBUF_DYNFIELD(buffer, self->time_offset,
		                                             rte_mbuf_timestamp_t *) *
		                 NS_PER_US;
}

static unsigned port_dpdk_receive(struct port *port, struct frame frames[PORT_BURST_MAX])
{
	struct port_dpdk *self = (struct port_dpdk *)port;
	int64_t time_ns;

	// The thread that has the port from now on: known to the EAL, it keeps a few buffers for
	// itself, and need not go to the pool for each burst.
	if (self->is_first_burst) {
		self->is_first_burst = false;
		if (rte_lcore_id() == LCORE_ID_ANY)
			(void)rte_thread_register();
	}
	self->burst_count = rte_eth_rx_burst(self->device->id, self->queue, self->burst,
	                                     PORT_BURST_MAX);
	if (self->burst_count == 0)
		return 0;
	time_ns = now_ns();
	self->received += self->burst_count;
	for (unsigned i = 0; i < self->burst_count; i++) {
		rte_prefetch0(rte_pktmbuf_mtod(self->burst[i], const uint8_t *));
		describe(self, i, time_ns, &frames[i]);
	}
	return self->burst_count;
}

// As long as the device takes any; what it has no room for is lost, and counted. To wait would
// fill the queues that packets come from, and lose others instead.
static uint16_t send_burst(struct port_dpdk *self, struct rte_mbuf *burst[], uint16_t count)
{
	uint16_t done = 0;
	uint16_t taken;

	while (done < count) {
		taken = rte_eth_tx_burst(self->device->id, self->queue, burst + done,
		                         (uint16_t)(count - done));
		if (taken == 0)
			break;
		done = (uint16_t)(done + taken);
	}
	self->sent += done;
	self->unsent += count - done;
	return done;
}

// What of them finds no room is lost.
static void pass(struct port_dpdk *peer, struct rte_mbuf *burst[], uint16_t count)
{
	uint16_t sent = send_burst(peer, burst, count);

	if (sent < count)
		rte_pktmbuf_free_bulk(burst + sent, count - sent);
}

static void port_dpdk_release(struct port *port, const enum verdict verdicts[])
{
	struct port_dpdk *self = (struct port_dpdk *)port;
	struct rte_mbuf *dropped[PORT_BURST_MAX];
	uint16_t passed_count = self->burst_count;
	uint16_t dropped_count = 0;

	if (self->peer == NULL) {
		rte_pktmbuf_free_bulk(self->burst, self->burst_count);
	} else if (self->burst_count > 0) {
		if (verdicts != NULL)
			passed_count = 0;
		for (unsigned i = 0; verdicts != NULL && i < self->burst_count; i++) {
			if (verdicts[i] == VERDICT_PASS)
				self->burst[passed_count++] = self->burst[i];
			else
				dropped[dropped_count++] = self->burst[i];
		}
		pass(self->peer, self->burst, passed_count);
		rte_pktmbuf_free_bulk(dropped, dropped_count);
	}
	self->burst_count = 0;
}

static bool port_dpdk_send(struct port *port, struct slice frame)
{
	struct port_dpdk *self = (struct port_dpdk *)port;
	struct rte_mbuf *buffer = rte_pktmbuf_alloc(self->device->pool);
	char *room = NULL;

	if (buffer == NULL) {
		self->unsent++;
		return false;
	}
	if (frame.size <= UINT16_MAX)
		room = rte_pktmbuf_append(buffer, (uint16_t)frame.size);
	if (room == NULL) {
		rte_pktmbuf_free(buffer);
		self->refused++;
		return false;
	}
	memcpy(room, frame.data, frame.size);
	if (send_burst(self, &buffer, 1) == 1)
		return true;
	rte_pktmbuf_free(buffer);
	return false;
}

static int port_dpdk_wait_fd(const struct port *port)
{
	(void)port;
	return -1;
}

static void port_dpdk_link(const struct port *port, struct port_link *ret_link)
{
	const struct port_dpdk *self = (const struct port_dpdk *)port;
	struct rte_eth_link link = {0};
	uint16_t mtu = 0;

	(void)rte_eth_link_get_nowait(self->device->id, &link);
	(void)rte_eth_dev_get_mtu(self->device->id, &mtu);
	ret_link->is_up = link.link_status == RTE_ETH_LINK_UP;
	ret_link->speed_mbps = link.link_speed == RTE_ETH_SPEED_NUM_UNKNOWN ? 0 : link.link_speed;
	ret_link->mtu = mtu;
}

static bool port_dpdk_is_ended(const struct port *port)
{
	const struct port_dpdk *self = (const struct port_dpdk *)port;

	return atomic_load_explicit(&self->device->is_gone, memory_order_relaxed);
}

// What a queue does is counted here; what a device lost it counts for all queues together, and
// that is told with the first.
static void port_dpdk_counters(const struct port *port, struct port_counters *ret_counters)
{
	const struct port_dpdk *self = (const struct port_dpdk *)port;
	const struct rte_eth_stats *before = &self->device->stats_before;
	struct rte_eth_stats now = *before;

	*ret_counters = (struct port_counters){
		.received = self->received,
		.sent = self->sent,
		.unsent = self->unsent,
		.refused = self->refused,
	};
	if (self->queue != 0)
		return;
	(void)rte_eth_stats_get(self->device->id, &now);
	ret_counters->missed = now.imissed - before->imissed + now.rx_nombuf - before->rx_nombuf;
	ret_counters->refused += now.ierrors - before->ierrors;
}

const struct port_ops port_dpdk = {
	.name = "dpdk",
	.open_device = port_dpdk_open,
	.connect = port_dpdk_connect,
	.receive = port_dpdk_receive,
	.release = port_dpdk_release,
	.send = port_dpdk_send,
	.wait_fd = port_dpdk_wait_fd,
	.link = port_dpdk_link,
	.is_ended = port_dpdk_is_ended,
	.counters = port_dpdk_counters,
	.close = port_dpdk_close,
};
