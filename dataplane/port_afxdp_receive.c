#include "dataplane/port_afxdp.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/timestamp.h"
#include "ebpf/ebpf.h"

enum {
	// One frame of the kernel's has 18 fragments at most (MAX_SKB_FRAGS + 1).
	FRAGMENTS_MAX = 18,
	WHOLE_FRAME_BYTES_MAX = FRAGMENTS_MAX * AFXDP_CHUNK_BYTES_MAX,
	BURST_DESCRIPTORS_MAX = 256,
	IDLE_ASK = 16, // so many empty polls between two looks whether the device is still there
};

// Descriptors of the frame that begins at `index`; 0: its end is not there yet.
static uint32_t frame_descriptors(const struct port_afxdp *port, uint32_t index, uint32_t available)
{
	for (uint32_t i = 0; i < available; i++)
		if (!(xsk_ring_cons__rx_desc(&port->rx, index + i)->options &
		      AFXDP_FRAME_CONTINUES))
			return i + 1;
	return 0;
}

// Decoding needs a frame in one piece. What is longer than any that can be forwarded (kernels may
// be built for more fragments) is told by its beginning.
static const uint8_t *join(struct port_afxdp *port, uint32_t index, uint32_t count,
                           uint32_t *ret_bytes)
{
	uint8_t *begin = port->whole + port->whole_bytes;
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < count && i < FRAGMENTS_MAX; i++) {
		const struct xdp_desc *part = xsk_ring_cons__rx_desc(&port->rx, index + i);

		memcpy(begin + bytes, port->memory->data + part->addr, part->len);
		bytes += part->len;
	}
	port->whole_bytes += bytes;
	*ret_bytes = bytes;
	return begin;
}

// False when the frame has to wait for the next burst.
static bool take_frame(struct port_afxdp *port, uint32_t index, uint32_t available,
                       struct afxdp_held *ret_held)
{
	const struct xdp_desc *first = xsk_ring_cons__rx_desc(&port->rx, index);
	const uint32_t count = frame_descriptors(port, index, available);
	const uint8_t *data = port->memory->data + first->addr;
	struct afxdp_held held = {data, data - XDP_NUMBER_BYTES, first->len, count};

	if (count == 0)
		return false;
	if (count > 1) {
		if (port->whole_bytes + WHOLE_FRAME_BYTES_MAX > AFXDP_WHOLE_BYTES)
			return false;
		held.data = join(port, index, count, &held.size_bytes);
	}
	*ret_held = held;
	return true;
}

static unsigned take_burst(struct port_afxdp *port)
{
	const uint32_t wanted = port->memory->has_fragments ? BURST_DESCRIPTORS_MAX
	                                                    : PORT_BURST_MAX;
	uint32_t index = 0;
	uint32_t available = xsk_ring_cons__peek(&port->rx, wanted, &index);
	uint32_t used = 0;
	unsigned count = 0;

	while (count < PORT_BURST_MAX && used < available &&
	       take_frame(port, index + used, available - used, &port->burst[count])) {
		used += port->burst[count].descriptor_count;
		count++;
	}
	xsk_ring_cons__cancel(&port->rx, available - used);
	// Else libxdp would not look for the rest of a frame before the ring is empty.
	if (used == 0)
		port->rx.cached_prod = port->rx.cached_cons;
	port->burst_index = index;
	port->burst_descriptors = used;
	port->burst_count = count;
	return count;
}

// Nothing came: the driver may have to be woken, or be gone.
static void idle(struct port_afxdp *port)
{
	if (!xsk_ring_prod__needs_wakeup(&port->fill) && ++port->idle_count % IDLE_ASK != 0)
		return;
	if (recvfrom(port->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL) < 0 && errno == ENXIO)
		port->is_ended = true; // unbound: the interface was removed
}

unsigned afxdp_receive(struct port *port, struct frame frames[PORT_BURST_MAX])
{
	struct port_afxdp *self = (struct port_afxdp *)port;
	struct timespec now;
	unsigned count;
	int64_t now_ns;

	afxdp_send_reap(self);
	afxdp_send_refill(self);
	count = take_burst(self);
	if (count == 0) {
		afxdp_send_flush(self);
		idle(self);
		return 0;
	}
	(void)clock_gettime(CLOCK_REALTIME, &now);
	now_ns = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
	for (unsigned i = 0; i < count; i++)
		frames[i] = (struct frame){
			.data = self->burst[i].data,
			.captured_bytes = self->burst[i].size_bytes,
			.wire_bytes = self->burst[i].size_bytes,
			.time_ns = now_ns,
			.link = LINK_ETHERNET,
			.before = self->burst[i].before,
		};
	self->received += count;
	return count;
}
