// libpcap on a device: any link type that decode knows, "any" for all interfaces at once.
//
// libpcap gives one packet at a time, valid until the next: a burst is copied.
#include "dataplane/port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <pcap/pcap.h>

#include "base/timestamp.h"
#include "dataplane/decode.h"
#include "dataplane/interface.h"

enum {
	// Takes the largest frame that segmentation offload makes, as the kernel's ring does.
	SNAPSHOT_BYTES_MIN = 128 * 1024,
	SNAPSHOT_BYTES_MAX = 256 * 1024, // libpcap's own limit
	                                 // Not its "immediate mode": that makes slots of the
	                                 // largest frame, of which a buffer holds few.
	TIMEOUT_MS = 5,
	// pcap_stats() reads files below /sys as well.
	BURSTS_PER_STATISTICS = 256,
};

static const size_t buffer_bytes_default = 32 * 1024 * 1024;

struct port_pcap_live {
	struct port port;
	pcap_t *pcap;
	struct report *report;    // borrowed
	unsigned interface_index; // 0: all of them
	enum link_type link;
	bool is_ended;
	uint64_t received;
	uint64_t missed;
	uint32_t missed_before;  // as libpcap said it last; it wraps
	unsigned bursts_unasked; // received since
	bool is_idle;
	struct frame *frames; // of the burst that is being received
	unsigned frame_count;
	size_t snapshot_bytes;
	size_t burst_bytes;
	// PORT_BURST_MAX * snapshot_bytes. Only as much of it as bursts really have is ever
	// touched, and costs memory.
	uint8_t *burst;
};

static void port_pcap_live_close(struct port *port)
{
	struct port_pcap_live *self = (struct port_pcap_live *)port;

	if (self->pcap != NULL)
		pcap_close(self->pcap);
	free(self->burst);
	free(self);
}

static void take_packet(u_char *context, const struct pcap_pkthdr *header, const u_char *data)
{
	struct port_pcap_live *self = (struct port_pcap_live *)(void *)context;
	uint8_t *copy = self->burst + self->burst_bytes;
	size_t captured = header->caplen < self->snapshot_bytes ? header->caplen
	                                                        : self->snapshot_bytes;

	if (self->frame_count == PORT_BURST_MAX)
		return;
	memcpy(copy, data, captured);
	self->burst_bytes += captured;
	self->frames[self->frame_count++] = (struct frame){
		.data = copy,
		.captured_bytes = (uint32_t)captured,
		.wire_bytes = header->len > captured ? header->len : (uint32_t)captured,
		// Opened with nanoseconds, so that tv_usec holds them.
		.time_ns = (int64_t)header->ts.tv_sec * NS_PER_S + header->ts.tv_usec,
		.link = self->link,
	};
}

static unsigned port_pcap_live_receive(struct port *port, struct frame frames[PORT_BURST_MAX])
{
	struct port_pcap_live *self = (struct port_pcap_live *)port;
	int status = 1;

	self->frames = frames;
	self->frame_count = 0;
	// A call ends with libpcap's own block; the next may have more.
	while (status > 0 && self->frame_count < PORT_BURST_MAX && !self->is_ended)
		status = pcap_dispatch(self->pcap, (int)(PORT_BURST_MAX - self->frame_count),
		                       take_packet, (u_char *)self);
	if (status < 0) {
		report_note(self->report, "listening has ended", slice_text(NULL), "%s",
		            pcap_geterr(self->pcap));
		self->is_ended = true;
	}
	self->received += self->frame_count;
	self->bursts_unasked += self->frame_count > 0;
	self->is_idle = self->frame_count == 0;
	return self->frame_count;
}

static void port_pcap_live_release(struct port *port, const enum verdict verdicts[])
{
	(void)verdicts;
	((struct port_pcap_live *)port)->burst_bytes = 0;
}

static int port_pcap_live_wait_fd(const struct port *port)
{
	return pcap_get_selectable_fd(((const struct port_pcap_live *)port)->pcap);
}

static void port_pcap_live_link(const struct port *port, struct port_link *ret_link)
{
	const struct port_pcap_live *self = (const struct port_pcap_live *)port;

	*ret_link = (struct port_link){.is_up = true};
	if (self->interface_index != 0)
		interface_link(self->interface_index, ret_link);
}

static bool port_pcap_live_is_ended(const struct port *port)
{
	return ((const struct port_pcap_live *)port)->is_ended;
}

static void ask_statistics(struct port_pcap_live *self)
{
	struct pcap_stat figures;

	if (pcap_stats(self->pcap, &figures) < 0)
		return;
	self->missed += figures.ps_drop - self->missed_before;
	self->missed_before = figures.ps_drop;
	self->bursts_unasked = 0;
}

static void port_pcap_live_counters(const struct port *port, struct port_counters *ret_counters)
{
	// Not const: libpcap's figures wrap, so that the sum has to be kept here.
	struct port_pcap_live *self = (struct port_pcap_live *)(uintptr_t)port;

	// While nothing comes, nothing is missed.
	if (self->bursts_unasked >= BURSTS_PER_STATISTICS ||
	    (self->bursts_unasked > 0 && self->is_idle))
		ask_statistics(self);
	*ret_counters = (struct port_counters){
		.received = self->received,
		.missed = self->missed,
	};
}

static const char *advice(int status)
{
	if (status == PCAP_ERROR_PERM_DENIED || status == PCAP_ERROR_PROMISC_PERM_DENIED)
		return ": it takes root or CAP_NET_RAW";
	return "";
}

static void set_up(struct port_pcap_live *self, const struct port_device *device)
{
	size_t buffer_bytes = device->buffer_bytes != 0 ? device->buffer_bytes
	                                                : buffer_bytes_default;

	if (buffer_bytes > INT32_MAX)
		buffer_bytes = INT32_MAX;
	(void)pcap_set_snaplen(self->pcap, (int)self->snapshot_bytes);
	(void)pcap_set_promisc(self->pcap, device->is_promiscuous);
	(void)pcap_set_timeout(self->pcap, TIMEOUT_MS);
	(void)pcap_set_buffer_size(self->pcap, (int)buffer_bytes);
	// Where there are none, libpcap gives microseconds as nanoseconds by itself.
	(void)pcap_set_tstamp_precision(self->pcap, PCAP_TSTAMP_PRECISION_NANO);
}

static int activate(struct port_pcap_live *self, const struct port_device *device)
{
	char message[PCAP_ERRBUF_SIZE] = "";
	int status;

	self->pcap = pcap_create(device->name, message);
	if (self->pcap == NULL) {
		report_note(device->report, "cannot listen on the interface",
		            slice_text(device->name), "%s", message);
		return -ENODEV;
	}
	set_up(self, device);
	status = pcap_activate(self->pcap);
	if (status >= 0 && pcap_setnonblock(self->pcap, 1, message) == 0)
		return 0;
	report_note(device->report, "cannot listen on the interface", slice_text(device->name),
	            "%s%s", status < 0 ? pcap_geterr(self->pcap) : message, advice(status));
	return status == PCAP_ERROR_PERM_DENIED ? -EPERM : -EIO;
}

static int settle_link_type(struct port_pcap_live *self, const struct port_device *device)
{
	// Of "any" the second version, which says of each packet where it came in.
	if (pcap_datalink(self->pcap) == DLT_LINUX_SLL)
		(void)pcap_set_datalink(self->pcap, DLT_LINUX_SLL2);
	self->link = (enum link_type)pcap_datalink(self->pcap);
	if (self->link == DLT_RAW) // as files number it
		self->link = LINK_RAW;
	if (decode_knows_link(self->link))
		return 0;
	report_note(device->report, "the interface's link type is not decoded",
	            slice_text(device->name), "LINKTYPE %u", (unsigned)self->link);
	return -EPROTONOSUPPORT;
}

static int open_all(struct port_pcap_live *self, const struct port_device *device)
{
	int error = activate(self, device);

	if (error == 0)
		error = settle_link_type(self, device);
	if (error < 0)
		return error;
	self->burst = malloc(PORT_BURST_MAX * self->snapshot_bytes);
	return self->burst != NULL ? 0 : -ENOMEM;
}

static int find_interface(struct port_pcap_live *self, const struct port_device *device)
{
	struct interface interface;
	int error;

	if (strcmp(device->name, "any") == 0)
		return 0;
	error = interface_find_up(device->name, device->report, &interface);
	if (error == 0)
		self->interface_index = interface.index;
	return error;
}

static int check_queues(const struct port_device *device)
{
	if (device->queue_count <= 1)
		return 0;
	report_note(device->report, "libpcap has one queue for one worker",
	            slice_text(device->name), "the backend af-packet shares packets among several");
	return -EINVAL;
}

static int port_pcap_live_open(const struct port_device *device, struct port **ret_port)
{
	struct port_pcap_live *self;
	int error = check_queues(device);

	if (error < 0)
		return error;
	self = calloc(1, sizeof(*self));
	if (self == NULL)
		return -ENOMEM;
	self->port.ops = &port_pcap_live;
	self->report = device->report;
	self->snapshot_bytes = SNAPSHOT_BYTES_MIN;
	if (device->frame_bytes_max > SNAPSHOT_BYTES_MIN)
		self->snapshot_bytes = SNAPSHOT_BYTES_MAX;
	error = find_interface(self, device);
	if (error == 0)
		error = open_all(self, device);
	if (error < 0) {
		port_pcap_live_close(&self->port);
		return error;
	}
	*ret_port = &self->port;
	return 0;
}

const struct port_ops port_pcap_live = {
	.name = "pcap",
	.open_device = port_pcap_live_open,
	.receive = port_pcap_live_receive,
	.release = port_pcap_live_release,
	.wait_fd = port_pcap_live_wait_fd,
	.link = port_pcap_live_link,
	.is_ended = port_pcap_live_is_ended,
	.counters = port_pcap_live_counters,
	.close = port_pcap_live_close,
};
