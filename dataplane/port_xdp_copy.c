// What the XDP program copied of what it let pass. It listens only: the packets are in the kernel,
// on their way. What the program dropped is left out: xdp_hits() tells of it.
#include "dataplane/port.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/interface.h"
#include "ebpf/ebpf.h"

enum { SLOT_BYTES = 16384 }; // the most that is copied of a packet (docs/decisions/0011)

struct port_xdp_copy {
	struct port port;
	struct xdp *xdp; // borrowed
	uint64_t received;
	unsigned count; // of the burst
	struct frame burst[PORT_BURST_MAX];
	unsigned interface; // its index
	uint8_t slots[PORT_BURST_MAX][SLOT_BYTES];
};

static void port_xdp_copy_close(struct port *port)
{
	free(port);
}

static int refuse(const struct port_device *device, int error, const char *words)
{
	report_add(device->report, &(struct problem){
					   .reason = "cannot take copies of the XDP program",
					   .consequence = "not opened",
					   .object = slice_text(device->name),
					   .detail = slice_text(words),
				   });
	return error;
}

static int port_xdp_copy_open(const struct port_device *device, struct port **ret_port)
{
	struct port_xdp_copy *port;
	struct interface interface;
	int error;

	if (device->xdp == NULL)
		return refuse(device, -EINVAL, "no XDP program is loaded");
	if (device->queue_count > 1)
		return refuse(device, -EINVAL, "its copies come by one queue: set workers to 1");
	error = interface_find(device->name, device->report, &interface);
	if (error < 0)
		return error;
	port = calloc(1, sizeof(*port));
	if (port == NULL)
		return -ENOMEM;
	port->port.ops = &port_xdp_copy;
	port->xdp = device->xdp;
	port->interface = interface.index;
	*ret_port = &port->port;
	return 0;
}

static void take(void *context, const uint8_t *data, uint32_t captured_bytes, uint32_t wire_bytes,
                 int64_t time_ns, bool is_dropped)
{
	struct port_xdp_copy *self = context;
	const uint32_t size = captured_bytes < SLOT_BYTES ? captured_bytes : SLOT_BYTES;

	if (is_dropped)
		return;
	memcpy(self->slots[self->count], data, size);
	self->burst[self->count] = (struct frame){
		.data = self->slots[self->count],
		.captured_bytes = size,
		.wire_bytes = wire_bytes,
		.time_ns = time_ns,
		.link = LINK_ETHERNET,
	};
	self->count++;
}

static unsigned port_xdp_copy_receive(struct port *port, struct frame frames[PORT_BURST_MAX])
{
	struct port_xdp_copy *self = (struct port_xdp_copy *)port;

	self->count = 0;
	(void)xdp_copies(self->xdp, PORT_BURST_MAX, take, self);
	memcpy(frames, self->burst, self->count * sizeof(frames[0]));
	self->received += self->count;
	return self->count;
}

static void port_xdp_copy_release(struct port *port, const enum verdict verdicts[])
{
	(void)port;
	(void)verdicts;
}

static int port_xdp_copy_wait_fd(const struct port *port)
{
	return xdp_copies_fd(((const struct port_xdp_copy *)port)->xdp);
}

static void port_xdp_copy_link(const struct port *port, struct port_link *ret_link)
{
	interface_link(((const struct port_xdp_copy *)port)->interface, ret_link);
}

static bool port_xdp_copy_is_ended(const struct port *port)
{
	(void)port;
	return false;
}

// What found no room in the ring the program counts itself: xdp_status().
static void port_xdp_copy_counters(const struct port *port, struct port_counters *ret_counters)
{
	*ret_counters = (struct port_counters){
		.received = ((const struct port_xdp_copy *)port)->received,
	};
}

const struct port_ops port_xdp_copy = {
	.name = "xdp-copy",
	.open_device = port_xdp_copy_open,
	.receive = port_xdp_copy_receive,
	.release = port_xdp_copy_release,
	.wait_fd = port_xdp_copy_wait_fd,
	.link = port_xdp_copy_link,
	.is_ended = port_xdp_copy_is_ended,
	.counters = port_xdp_copy_counters,
	.close = port_xdp_copy_close,
};
