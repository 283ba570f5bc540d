#include "dataplane/port_afxdp.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

void afxdp_send_reap(struct port_afxdp *port)
{
	struct afxdp_memory *memory = port->memory;
	uint32_t index = 0;
	uint32_t count = xsk_ring_cons__peek(&port->completion, memory->ring_size, &index);

	for (uint32_t i = 0; i < count; i++)
		afxdp_memory_put(memory, *xsk_ring_cons__comp_addr(&port->completion, index + i));
	if (count > 0)
		xsk_ring_cons__release(&port->completion, count);
	port->descriptors_departed += count;
}

void afxdp_send_refill(struct port_afxdp *port)
{
	struct afxdp_memory *memory = port->memory;
	uint32_t room = xsk_prod_nb_free(&port->fill, memory->ring_size);
	uint32_t count = room < memory->free_count ? room : memory->free_count;
	uint32_t index = 0;

	if (count == 0)
		return;
	(void)xsk_ring_prod__reserve(&port->fill, count, &index);
	for (uint32_t i = 0; i < count; i++)
		*xsk_ring_prod__fill_addr(&port->fill,
		                          index + i) = memory->free[--memory->free_count];
	xsk_ring_prod__submit(&port->fill, count);
}

// A full ring, as when the link is down or slower than the other: what comes now is lost.
static bool reserve(struct port_afxdp *port, uint32_t count, uint32_t *ret_index)
{
	if (xsk_ring_prod__reserve(&port->tx, count, ret_index) == 0)
		return false;
	port->tx_reserved += count;
	port->descriptors_submitted += count;
	port->submitted++;
	return true;
}

// False when there is no room.
static bool queue_copy(struct port_afxdp *port, struct slice frame)
{
	struct afxdp_memory *memory = port->memory;
	const uint32_t size = (uint32_t)frame.size;
	const uint32_t count = (size + memory->chunk_bytes - 1) / memory->chunk_bytes;
	uint32_t index = 0;

	if (memory->free_count < count || !reserve(port, count, &index))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct xdp_desc *descriptor = xsk_ring_prod__tx_desc(&port->tx, index + i);
		struct slice part = slice_first(slice_from(frame, (size_t)i * memory->chunk_bytes),
		                                memory->chunk_bytes);

		descriptor->addr = memory->free[--memory->free_count];
		descriptor->len = (uint32_t)part.size;
		descriptor->options = i + 1 < count ? AFXDP_FRAME_CONTINUES : 0;
		memcpy(memory->data + descriptor->addr, part.data, part.size);
	}
	return true;
}

bool afxdp_send_copy(struct port_afxdp *port, struct slice frame)
{
	if (frame.size == 0 || frame.size > port->frame_bytes_max)
		return false;
	if (queue_copy(port, frame))
		return true;
	// What the kernel has sent by now may make room.
	afxdp_send_flush(port);
	afxdp_send_reap(port);
	return queue_copy(port, frame);
}

static bool queue_chunks(struct port_afxdp *port, const struct port_afxdp *from, uint32_t index,
                         uint32_t count)
{
	uint32_t to = 0;

	if (!reserve(port, count, &to))
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const struct xdp_desc *came = xsk_ring_cons__rx_desc(&from->rx, index + i);
		struct xdp_desc *leaves = xsk_ring_prod__tx_desc(&port->tx, to + i);

		leaves->addr = came->addr;
		leaves->len = came->len;
		leaves->options = came->options & AFXDP_FRAME_CONTINUES;
	}
	return true;
}

bool afxdp_send_forward(struct port_afxdp *port, const struct port_afxdp *from,
                        const struct afxdp_held *frame, uint32_t index)
{
	if (frame->size_bytes > port->frame_bytes_max) {
		port->refused++;
		return false;
	}
	if (port->memory == from->memory) {
		if (queue_chunks(port, from, index, frame->descriptor_count))
			return true;
		port->unsent++;
		return false;
	}
	if (!queue_copy(port, slice_of(frame->data, frame->size_bytes)))
		port->unsent++;
	return false;
}

static uint32_t unsent_descriptors(struct port_afxdp *port)
{
	return port->tx.size - xsk_prod_nb_free(&port->tx, port->tx.size);
}

// In copy mode a call of sendto(2) sends 32 frames, or more: called until everything is sent, or
// the device takes no more.
static void wake(struct port_afxdp *port)
{
	uint32_t left = unsent_descriptors(port), before;

	do {
		if (sendto(port->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0)
			return;
		if (errno == EBUSY && !port->is_zero_copy)
			port->not_sent++; // one frame, which the device dropped
		else if (errno != EAGAIN)
			return;
		afxdp_send_reap(port); // a full completion ring stops it, too
		before = left;
		left = unsent_descriptors(port);
	} while (left > 0 && left < before);
}

void afxdp_send_flush(struct port_afxdp *port)
{
	if (port->tx_reserved > 0)
		xsk_ring_prod__submit(&port->tx, port->tx_reserved);
	port->tx_reserved = 0;
	// Also what an earlier call could not send: its ring is not empty.
	if (unsent_descriptors(port) > 0 && xsk_ring_prod__needs_wakeup(&port->tx))
		wake(port);
}
