#include "dataplane/port_afxdp.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/if_packet.h>

#include "dataplane/interface.h"
#include "ebpf/ebpf.h"

enum {
	BUFFER_CHUNKS_DEFAULT = 4096,
	BUFFER_CHUNKS_MIN = 256,
	BUFFER_CHUNKS_MAX = 1 << 20,
};

static void note(struct report *report, const char *reason, const char *consequence,
                 const char *name, const char *words)
{
	report_add(report, &(struct problem){
				   .reason = reason,
				   .consequence = consequence,
				   .object = slice_text(name),
				   .detail = slice_text(words),
			   });
}

__attribute__((format(printf, 2, 3))) static void refuse(const struct port_afxdp *port,
                                                         const char *words, ...)
{
	char text[PROBLEM_TEXT_BYTES];
	va_list arguments;

	va_start(arguments, words);
	(void)vsnprintf(text, sizeof(text), words, arguments);
	va_end(arguments);
	note(port->report, "cannot open an AF_XDP port", "not opened", port->name, text);
}

static void port_afxdp_close(struct port *port)
{
	struct port_afxdp *self = (struct port_afxdp *)port;

	if (self->peer != NULL)
		self->peer->peer = NULL; // it goes on alone; what passes it is dropped
	afxdp_socket_close(self);
	if (self->promiscuous_fd >= 0)
		(void)close(self->promiscuous_fd);
	free(self->whole);
	free(self);
}

static uint32_t chunk_count(size_t buffer_bytes, uint32_t frame_bytes_max)
{
	size_t count = buffer_bytes / afxdp_memory_chunk_bytes(frame_bytes_max);

	if (buffer_bytes == 0)
		return BUFFER_CHUNKS_DEFAULT;
	if (count < BUFFER_CHUNKS_MIN)
		return BUFFER_CHUNKS_MIN;
	return count < BUFFER_CHUNKS_MAX ? (uint32_t)count : BUFFER_CHUNKS_MAX;
}

static int bind_alone(struct port_afxdp *port)
{
	char words[256];
	int error = afxdp_socket_bind(port, NULL);

	if (error < 0) {
		afxdp_socket_words(port, error, words);
		refuse(port, "%s", words);
	}
	return error;
}

static int check_queues(const struct port_afxdp *port, unsigned queue_count, unsigned present)
{
	// What arrives by a queue that nobody reads would not be judged.
	if (present <= queue_count)
		return 0;
	refuse(port,
	       "it has %u receive queues, and %u would be read: use %u workers, or 'ethtool -L %s' "
	       "to have fewer queues",
	       present, queue_count, present, port->name);
	return -EINVAL;
}

static int check_frames(struct port_afxdp *port, uint32_t frame_bytes_max, uint32_t mtu)
{
	port->frame_bytes_max = frame_bytes_max != 0 ? frame_bytes_max : mtu + AFXDP_HEADER_BYTES;
	port->needs_fragments = port->frame_bytes_max > AFXDP_SINGLE_BYTES_MAX;
	if (port->frame_bytes_max <= AFXDP_FRAME_BYTES_MAX)
		return 0;
	refuse(port, "its MTU of %u is more than this port takes: set it to %u or less", mtu,
	       AFXDP_FRAME_BYTES_MAX - AFXDP_HEADER_BYTES);
	return -EMSGSIZE;
}

static int make_room(struct port_afxdp *port, size_t buffer_bytes)
{
	port->chunks_own = chunk_count(buffer_bytes, port->frame_bytes_max);
	// Used, and so of memory, only when frames of several chunks come.
	port->whole = malloc(AFXDP_WHOLE_BYTES);
	return port->whole != NULL ? 0 : -ENOMEM;
}

static int listen_to_all(struct port_afxdp *port)
{
	const struct packet_mreq membership = {
		.mr_ifindex = (int)port->interface,
		.mr_type = PACKET_MR_PROMISC,
	};

	port->promiscuous_fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); // receives nothing
	if (port->promiscuous_fd < 0 ||
	    setsockopt(port->promiscuous_fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &membership,
	               sizeof(membership)) != 0)
		return -errno;
	return 0;
}

static int open_checked(struct port_afxdp *port, const struct port_device *device)
{
	struct interface interface;
	int error = interface_find(device->name, device->report, &interface);

	if (error < 0)
		return error;
	memcpy(port->name, interface.name, sizeof(port->name));
	port->interface = interface.index;
	error = check_queues(port, device->queue_count, interface.queues);
	if (error == 0)
		error = check_frames(port, device->frame_bytes_max, interface.mtu);
	if (error == 0)
		error = make_room(port, device->buffer_bytes);
	if (error == 0)
		error = bind_alone(port);
	if (error == 0 && device->is_promiscuous)
		error = listen_to_all(port);
	return error;
}

static int port_afxdp_open(const struct port_device *device, struct port **ret_port)
{
	struct port_afxdp *port;
	int error;

	if (device->xdp == NULL) {
		note(device->report, "cannot open an AF_XDP port", "not opened", device->name,
		     "no XDP program is loaded that hands packets over");
		return -EINVAL;
	}
	port = calloc(1, sizeof(*port));
	if (port == NULL)
		return -ENOMEM;
	port->port.ops = &port_afxdp;
	port->report = device->report;
	port->queue = device->queue;
	port->fd = port->promiscuous_fd = -1;
	port->map_fd = xdp_sockets_fd(device->xdp);
	port->must_copy = device->must_copy || !xdp_is_native(device->xdp);
	error = open_checked(port, device);
	if (error < 0) {
		port_afxdp_close(&port->port);
		return error;
	}
	*ret_port = &port->port;
	return 0;
}

// Where two devices cannot have one memory, each keeps its own, and what passes is copied.
static int port_afxdp_connect(struct port *port, struct port *peer)
{
	struct port_afxdp *self = (struct port_afxdp *)port;
	struct port_afxdp *other = (struct port_afxdp *)peer;
	int error;

	afxdp_socket_close(self);
	afxdp_socket_close(other);
	if (afxdp_socket_bind(self, other) < 0) {
		error = bind_alone(self);
		if (error == 0)
			error = bind_alone(other);
		if (error < 0)
			return error;
		note(self->report, "AF_XDP ports copy what passes", "noted: slower", self->name,
		     "the kernel gives the two devices no memory together");
	}
	self->peer = other;
	other->peer = self;
	return 0;
}

static void give_back(struct port_afxdp *port, uint32_t index, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		afxdp_memory_put(port->memory, xsk_ring_cons__rx_desc(&port->rx, index + i)->addr);
}

static void port_afxdp_release(struct port *port, const enum verdict verdicts[])
{
	struct port_afxdp *self = (struct port_afxdp *)port;
	uint32_t index = self->burst_index;

	for (unsigned i = 0; i < self->burst_count; i++) {
		const struct afxdp_held *frame = &self->burst[i];
		const bool passes = verdicts == NULL || verdicts[i] == VERDICT_PASS;

		if (self->peer == NULL || !passes ||
		    !afxdp_send_forward(self->peer, self, frame, index))
			give_back(self, index, frame->descriptor_count);
		index += frame->descriptor_count;
	}
	xsk_ring_cons__release(&self->rx, self->burst_descriptors);
	self->burst_count = self->burst_descriptors = self->whole_bytes = 0;
	if (self->peer != NULL)
		afxdp_send_flush(self->peer);
	afxdp_send_flush(self);
	afxdp_send_refill(self);
}

static bool port_afxdp_send(struct port *port, struct slice frame)
{
	return afxdp_send_copy((struct port_afxdp *)port, frame);
}

static uint64_t port_afxdp_departures(struct port *port, uint64_t *ret_departed)
{
	struct port_afxdp *self = (struct port_afxdp *)port;

	afxdp_send_reap(self);
	*ret_departed = self->descriptors_departed;
	return self->descriptors_submitted;
}

// Nothing will come of a removed interface, and poll(2) need not say so.
static int port_afxdp_wait_fd(const struct port *port)
{
	const struct port_afxdp *self = (const struct port_afxdp *)port;

	return self->is_ended ? -1 : self->fd;
}

static void port_afxdp_link(const struct port *port, struct port_link *ret_link)
{
	interface_link(((const struct port_afxdp *)port)->interface, ret_link);
}

static bool port_afxdp_is_ended(const struct port *port)
{
	return ((const struct port_afxdp *)port)->is_ended;
}

static void port_afxdp_counters(const struct port *port, struct port_counters *ret_counters)
{
	const struct port_afxdp *self = (const struct port_afxdp *)port;
	struct xdp_statistics statistics = {0};
	socklen_t size = sizeof(statistics);

	(void)getsockopt(self->fd, SOL_XDP, XDP_STATISTICS, &statistics, &size);
	*ret_counters = (struct port_counters){
		.received = self->received,
		.missed = statistics.rx_dropped + statistics.rx_ring_full,
		.sent = self->submitted - self->not_sent,
		.unsent = self->unsent + self->not_sent,
		.refused = self->refused,
	};
}

const struct port_ops port_afxdp = {
	.name = "afxdp",
	.open_device = port_afxdp_open,
	.connect = port_afxdp_connect,
	.receive = afxdp_receive,
	.release = port_afxdp_release,
	.send = port_afxdp_send,
	.departures = port_afxdp_departures,
	.wait_fd = port_afxdp_wait_fd,
	.link = port_afxdp_link,
	.is_ended = port_afxdp_is_ended,
	.counters = port_afxdp_counters,
	.close = port_afxdp_close,
};
