// AF_PACKET with a TPACKET_V3 ring (kernel: Documentation/networking/packet_mmap.rst; packet(7)).
//
// The kernel fills blocks with frames and hands each over when it is full, or BLOCK_TIMEOUT_MS
// after its first frame. Frames are given to the pipeline where they lie; a block goes back when
// the burst that used its last frame is released. Both directions are seen: also what the machine
// itself sends by the interface.
#include "dataplane/port.h"

#include <errno.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include "base/cpu.h"
#include "base/timestamp.h"
#include "dataplane/interface.h"
#include "dataplane/port_af_packet.h"
#include "dataplane/wire.h"

enum {
	// Takes the largest frame that segmentation offload makes (64 KB; what "BIG TCP" makes
	// beyond is cut). Smaller blocks bridge longer pauses of the reader at low rates, when each
	// ends by its time: 256 of them a good second.
	BLOCK_BYTES_MIN = 128 * 1024,
	BLOCK_HEADERS_BYTES = 512, // of the block and of one frame, amply
	BLOCK_TIMEOUT_MS = 5,
	BLOCKS_MIN = 8,
	SLOT_BYTES = 2048, // only a check's unit in this version of the ring
	VLAN_TAG_BYTES = 4,
	MACS_BYTES = 12,
};

static const size_t buffer_bytes_default = 32 * 1024 * 1024;

struct port_af_packet {
	struct port port;
	int fd;
	unsigned interface_index;
	enum link_type link;
	uint8_t *ring;
	size_t ring_bytes;
	size_t block_bytes;
	uint32_t block_count;
	uint32_t block;                    // that is read now
	uint32_t held_count;               // blocks before it, read to their end, under the burst
	uint32_t packets_left;             // of the block
	const struct tpacket3_hdr *packet; // the next one of it, when there are some left
	bool is_down;                      // the kernel said so, and no packet came since
	bool is_gone;
	uint64_t received;
	uint64_t missed;
};

static struct tpacket_block_desc *block_at(const struct port_af_packet *self, uint32_t number)
{
	return (struct tpacket_block_desc *)(self->ring +
	                                     self->block_bytes * (number % self->block_count));
}

static void port_af_packet_close(struct port *port)
{
	struct port_af_packet *self = (struct port_af_packet *)port;

	if (self->ring != NULL)
		(void)munmap(self->ring, self->ring_bytes);
	if (self->fd >= 0)
		(void)close(self->fd);
	free(self);
}

// The tag that the NIC or the kernel took out, back to where it was on the wire. There is room
// before the frame: PACKET_RESERVE.
static void restore_tag(const struct tpacket3_hdr *packet, struct frame *frame)
{
	uint16_t type = packet->tp_status & TP_STATUS_VLAN_TPID_VALID ? packet->hv1.tp_vlan_tpid
	                                                              : ETH_P_8021Q;
	uint8_t *data = (uint8_t *)(uintptr_t)frame->data - VLAN_TAG_BYTES;

	if (frame->captured_bytes < MACS_BYTES)
		return;
	memmove(data, frame->data, MACS_BYTES);
	data[MACS_BYTES] = (uint8_t)(type >> 8);
	data[MACS_BYTES + 1] = (uint8_t)type;
	data[MACS_BYTES + 2] = (uint8_t)(packet->hv1.tp_vlan_tci >> 8);
	data[MACS_BYTES + 3] = (uint8_t)packet->hv1.tp_vlan_tci;
	frame->data = data;
	frame->captured_bytes += VLAN_TAG_BYTES;
	frame->wire_bytes += VLAN_TAG_BYTES;
}

static void read_packet(const struct port_af_packet *self, struct frame *frame)
{
	const struct tpacket3_hdr *packet = self->packet;

	// The frame, and the header after the next, where it lies if frames are alike: with both, a
	// packet costs 22 ns instead of 49 (docs/decisions/0016).
	prefetch_read((const uint8_t *)packet + packet->tp_mac);
	prefetch_read((const uint8_t *)packet + 2 * (size_t)packet->tp_next_offset);
	frame->data = (const uint8_t *)packet + packet->tp_mac;
	frame->captured_bytes = packet->tp_snaplen;
	frame->wire_bytes = packet->tp_len;
	frame->time_ns = (int64_t)packet->tp_sec * NS_PER_S + packet->tp_nsec;
	frame->link = self->link;
	if (packet->tp_status & TP_STATUS_VLAN_VALID && self->link == LINK_ETHERNET)
		restore_tag(packet, frame);
}

// Makes the next block with packets the current one. False when the kernel has none ready.
static bool next_block(struct port_af_packet *self)
{
	for (;;) {
		const struct tpacket_block_desc *block = block_at(self, self->block);

		// All are under the burst already.
		if (self->held_count == self->block_count)
			return false;
		// Acquire: the kernel wrote the packets before the status.
		if (!(__atomic_load_n(&block->hdr.bh1.block_status, __ATOMIC_ACQUIRE) &
		      TP_STATUS_USER))
			return false;
		self->packets_left = block->hdr.bh1.num_pkts;
		self->packet = (const struct tpacket3_hdr *)((const uint8_t *)block +
		                                             block->hdr.bh1.offset_to_first_pkt);
		if (self->packets_left > 0)
			return true;
		self->block++;
		self->held_count++;
	}
}

// Nothing came. The error that the kernel keeps for us is taken, or poll(2) would go on to say that
// something is there. A socket whose interface is gone for good has no interface any more.
static void look_for_end(struct port_af_packet *self)
{
	int error = 0;
	socklen_t size = sizeof(error);
	struct sockaddr_ll bound = {0};
	socklen_t bound_bytes = sizeof(bound);

	if (getsockopt(self->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == ENETDOWN)
		self->is_down = true;
	if (self->is_down && getsockname(self->fd, (struct sockaddr *)&bound, &bound_bytes) == 0 &&
	    bound.sll_ifindex != (int)self->interface_index)
		self->is_gone = true;
}

static unsigned port_af_packet_receive(struct port *port, struct frame frames[PORT_BURST_MAX])
{
	struct port_af_packet *self = (struct port_af_packet *)port;
	unsigned count = 0;

	while (count < PORT_BURST_MAX && (self->packets_left > 0 || next_block(self))) {
		read_packet(self, &frames[count++]);
		self->packet = (const struct tpacket3_hdr *)((const uint8_t *)self->packet +
		                                             self->packet->tp_next_offset);
		if (--self->packets_left == 0) {
			self->block++;
			self->held_count++;
		}
	}
	if (count == 0)
		look_for_end(self);
	else
		self->is_down = false;
	self->received += count;
	return count;
}

static void port_af_packet_release(struct port *port, const enum verdict verdicts[])
{
	(void)verdicts;
	struct port_af_packet *self = (struct port_af_packet *)port;

	for (; self->held_count > 0; self->held_count--) {
		struct tpacket_block_desc *block = block_at(self, self->block - self->held_count);

		// Release: we are done with the packets before the kernel has the block again.
		__atomic_store_n(&block->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
	}
}

static int port_af_packet_wait_fd(const struct port *port)
{
	return ((const struct port_af_packet *)port)->fd;
}

static void port_af_packet_link(const struct port *port, struct port_link *ret_link)
{
	interface_link(((const struct port_af_packet *)port)->interface_index, ret_link);
}

static bool port_af_packet_is_ended(const struct port *port)
{
	return ((const struct port_af_packet *)port)->is_gone;
}

static void port_af_packet_counters(const struct port *port, struct port_counters *ret_counters)
{
	// Not const: the kernel forgets what it told, so that the sum has to be kept here.
	struct port_af_packet *self = (struct port_af_packet *)(uintptr_t)port;
	struct tpacket_stats_v3 figures = {0};
	socklen_t size = sizeof(figures);

	if (getsockopt(self->fd, SOL_PACKET, PACKET_STATISTICS, &figures, &size) == 0)
		self->missed += figures.tp_drops;
	*ret_counters = (struct port_counters){
		.received = self->received,
		.missed = self->missed,
	};
}

static int set_option(int fd, int option, int value)
{
	return setsockopt(fd, SOL_PACKET, option, &value, sizeof(value)) < 0 ? -errno : 0;
}

static int create_ring(struct port_af_packet *self, const struct port_device *device)
{
	size_t wanted_bytes = device->buffer_bytes != 0 ? device->buffer_bytes
	                                                : buffer_bytes_default;
	struct tpacket_req3 request = {.tp_frame_size = SLOT_BYTES,
	                               .tp_retire_blk_tov = BLOCK_TIMEOUT_MS};
	void *ring;

	self->block_bytes = BLOCK_BYTES_MIN;
	while (self->block_bytes < (size_t)device->frame_bytes_max + BLOCK_HEADERS_BYTES)
		self->block_bytes *= 2;
	if (wanted_bytes < BLOCKS_MIN * self->block_bytes)
		wanted_bytes = BLOCKS_MIN * self->block_bytes;
	self->block_count = (uint32_t)(wanted_bytes / self->block_bytes);
	self->ring_bytes = self->block_bytes * self->block_count;
	request.tp_block_size = (unsigned)self->block_bytes;
	request.tp_block_nr = self->block_count;
	request.tp_frame_nr = (unsigned)(self->ring_bytes / SLOT_BYTES);
	if (setsockopt(self->fd, SOL_PACKET, PACKET_RX_RING, &request, sizeof(request)) < 0)
		return -errno;
	ring = mmap(NULL, self->ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, self->fd, 0);
	if (ring == MAP_FAILED)
		return -errno;
	self->ring = ring;
	return 0;
}

static int open_ring(struct port_af_packet *self, const struct port_device *device)
{
	int error = set_option(self->fd, PACKET_VERSION, TPACKET_V3);

	if (error == 0)
		error = set_option(self->fd, PACKET_RESERVE, VLAN_TAG_BYTES);
	if (error == 0)
		error = create_ring(self, device);
	if (error < 0)
		report_note(device->report, "no ring for packets", slice_text(device->name),
		            "%s: %zu MB of kernel memory for each queue; a smaller buffer may do",
		            strerror(-error), self->ring_bytes >> 20);
	return error;
}

static int open_socket(struct port_af_packet *self, const struct port_device *device)
{
	// Protocol 0: nothing is received before bind().
	self->fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (self->fd >= 0)
		return 0;

	int error = -errno;
	report_note(device->report, "no packet socket", slice_text(device->name),
	            error == -EPERM ? "%s: it takes root or CAP_NET_RAW" : "%s", strerror(-error));
	return error;
}

static int open_all(struct port_af_packet *self, const struct port_device *device,
                    const struct interface *interface)
{
	int error = open_socket(self, device);

	if (error == 0)
		error = open_ring(self, device);
	if (error == 0)
		error = port_af_packet_bind(self->fd, device, interface);
	return error;
}

static int port_af_packet_open(const struct port_device *device, struct port **ret_port)
{
	struct interface interface;
	struct port_af_packet *self;
	int error = interface_find_up(device->name, device->report, &interface);

	if (error < 0)
		return error;
	self = calloc(1, sizeof(*self));
	if (self == NULL)
		return -ENOMEM;
	self->port.ops = &port_af_packet;
	self->fd = -1;
	self->interface_index = interface.index;
	error = port_af_packet_link_type(&interface, device->report, &self->link);
	if (error == 0)
		error = open_all(self, device, &interface);
	if (error < 0) {
		port_af_packet_close(&self->port);
		return error;
	}
	*ret_port = &self->port;
	return 0;
}

const struct port_ops port_af_packet = {
	.name = "af-packet",
	.open_device = port_af_packet_open,
	.receive = port_af_packet_receive,
	.release = port_af_packet_release,
	.wait_fd = port_af_packet_wait_fd,
	.link = port_af_packet_link,
	.is_ended = port_af_packet_is_ended,
	.counters = port_af_packet_counters,
	.close = port_af_packet_close,
};
