#include "dataplane/port_afxdp.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <time.h>

#include <bpf/bpf.h>

enum {
	RING_MIN = 64,
	// How many frames one call of sendto(2) transmits in copy mode: 32, more where Linux 6.17
	// lets us say so (XDP_MAX_TX_SKB_BUDGET).
	OPTION_SEND_BUDGET = 9,
	SEND_BUDGET = 128,
	BUSY_TRIES = 100,
	BUSY_WAIT_NS = 10 * 1000 * 1000,
};

uint32_t afxdp_socket_ring_size(uint32_t chunk_count)
{
	uint32_t size = RING_MIN;

	while (size < AFXDP_RING_MAX && size * 4 <= chunk_count)
		size *= 2;
	return size;
}

static int create(struct port_afxdp *port, struct afxdp_memory *memory)
{
	const struct xsk_socket_config config = {
		.rx_size = memory->ring_size,
		.tx_size = memory->ring_size,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		// Without XDP_COPY the kernel tries zero-copy first. A second socket of a memory
	        // has the flags of the first.
		.bind_flags = (uint16_t)(XDP_USE_NEED_WAKEUP | (port->must_copy ? XDP_COPY : 0) |
	                                 (memory->has_fragments ? AFXDP_BIND_FRAGMENTS : 0)),
	};
	int error;

	// libxdp leaves what it has cached of a ring to the caller.
	port->rx = (struct xsk_ring_cons){0};
	port->tx = (struct xsk_ring_prod){0};
	port->fill = (struct xsk_ring_prod){0};
	port->completion = (struct xsk_ring_cons){0};
	if (memory->has_socket)
		return xsk_socket__create_shared(&port->socket, port->name, port->queue,
		                                 memory->umem, &port->rx, &port->tx, &port->fill,
		                                 &port->completion, &config);
	error = xsk_socket__create_shared(&port->socket, port->name, port->queue, memory->umem,
	                                  &port->rx, &port->tx, &memory->first_fill,
	                                  &memory->first_completion, &config);
	if (error < 0)
		return error;
	memory->has_socket = true;
	port->fill = memory->first_fill;
	port->completion = memory->first_completion;
	return 0;
}

static int register_socket(const struct port_afxdp *port)
{
	const uint32_t queue = port->queue;

	return bpf_map_update_elem(port->map_fd, &queue, &port->fd, BPF_ANY) == 0 ? 0 : -errno;
}

static void ask_options(struct port_afxdp *port)
{
	const int budget = SEND_BUDGET;
	struct xdp_options options = {0};
	socklen_t size = sizeof(options);

	(void)setsockopt(port->fd, SOL_XDP, OPTION_SEND_BUDGET, &budget, sizeof(budget));
	if (getsockopt(port->fd, SOL_XDP, XDP_OPTIONS, &options, &size) == 0)
		port->is_zero_copy = (options.flags & XDP_OPTIONS_ZEROCOPY) != 0;
}

static int open_socket(struct port_afxdp *port, struct afxdp_memory *memory)
{
	int error = create(port, memory);

	if (error < 0)
		return error;
	port->fd = xsk_socket__fd(port->socket);
	port->memory = memory;
	memory->user_count++;
	port->burst_descriptors = 0;
	port->tx_reserved = 0;
	ask_options(port);
	afxdp_send_refill(port);
	error = register_socket(port);
	if (error < 0)
		afxdp_socket_close(port);
	return error;
}

void afxdp_socket_close(struct port_afxdp *port)
{
	if (port->memory == NULL)
		return;
	xsk_socket__delete(port->socket); // leaves the XSKMAP by itself
	afxdp_memory_release(port->memory);
	port->socket = NULL;
	port->memory = NULL;
	port->fd = -1;
}

// One try; with `peer`, both have one memory.
static int bind_once(struct port_afxdp *port, struct port_afxdp *peer)
{
	uint32_t frame_max = port->frame_bytes_max;
	uint32_t count = port->chunks_own;
	struct afxdp_memory *memory;
	int error;

	if (peer != NULL) {
		frame_max = peer->frame_bytes_max > frame_max ? peer->frame_bytes_max : frame_max;
		count += peer->chunks_own;
	}
	error = afxdp_memory_create(count, afxdp_memory_chunk_bytes(frame_max),
	                            afxdp_socket_ring_size(port->chunks_own), &memory);
	if (error < 0)
		return error;
	memory->has_fragments = port->needs_fragments || (peer != NULL && peer->needs_fragments);
	error = open_socket(port, memory);
	if (error == 0 && peer != NULL)
		error = open_socket(peer, memory);
	if (error < 0)
		afxdp_socket_close(port);
	afxdp_memory_release(memory);
	return error;
}

// A queue is free again a moment after the socket that had it was closed.
int afxdp_socket_bind(struct port_afxdp *port, struct port_afxdp *peer)
{
	const struct timespec wait = {.tv_nsec = BUSY_WAIT_NS};
	int error = bind_once(port, peer);

	for (int i = 0; error == -EBUSY && i < BUSY_TRIES; i++) {
		(void)nanosleep(&wait, NULL);
		error = bind_once(port, peer);
	}
	return error;
}

static const char *helps(int error)
{
	switch (error) {
	case -EPERM:
		return "needs CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF: run as root, or give them";
	case -EBUSY:
		return "another AF_XDP socket has this queue: end the program that holds it";
	case -ENOBUFS:
		return "more locked memory than allowed: raise LimitMEMLOCK (ulimit -l), or lower "
		       "'buffer'";
	case -ENOMEM:
		return "no memory: lower 'buffer'";
	case -ENODEV:
		return "no such interface";
	case -EAFNOSUPPORT:
		return "this kernel has no AF_XDP (CONFIG_XDP_SOCKETS)";
	case -ENETDOWN:
		return "the interface is down: ip link set up";
	case -EINVAL:
		return "the interface has no such queue: ethtool -l shows how many there are";
	default:
		return NULL;
	}
}

void afxdp_socket_words(const struct port_afxdp *port, int error, char ret_words[static 256])
{
	struct utsname kernel = {0};
	const char *words = helps(error);

	(void)uname(&kernel);
	if (error == -EINVAL && port->needs_fragments)
		(void)snprintf(ret_words, 256,
		               "frames of %u bytes need AF_XDP's multi-buffer of Linux 6.6 or "
		               "later, this is %s: set the MTU to %u or less, or use dpdk",
		               port->frame_bytes_max, kernel.release,
		               AFXDP_SINGLE_BYTES_MAX - AFXDP_HEADER_BYTES);
	else
		(void)snprintf(ret_words, 256, "queue %u: %s", port->queue,
		               words != NULL ? words : strerror(-error));
}
