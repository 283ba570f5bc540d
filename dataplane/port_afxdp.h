// dataplane/port_afxdp.h — what the files of the AF_XDP port share.
//
// A port is one socket on one queue. Its frames lie in chunks of a memory that the kernel writes
// and reads (the umem); the two ports of a bump in the wire have one memory together where the
// kernel allows it, so that a frame that passes is handed on and not copied. A chunk is at any time
// in one place: the free stack, a fill ring (the kernel may write it), a receive ring (ours), a
// transmit ring (the kernel reads it) or a completion ring (it is done with it).
// The kernel's side: Documentation/networking/af_xdp.rst.
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "dataplane/port.h"
#include "dataplane/port_afxdp_memory.h"

enum {
	// An Ethernet header and two VLAN tags, which an MTU does not count.
	AFXDP_HEADER_BYTES = 14 + 2 * 4,
	// What one buffer of a driver holds: a page without the headroom and struct
	// skb_shared_info. Larger frames come in several chunks.
	AFXDP_SINGLE_BYTES_MAX = 3520,
	AFXDP_FRAME_BYTES_MAX = 9022, // MTU 9000
	AFXDP_RING_MAX = 2048,
	AFXDP_WHOLE_BYTES = 256 * 1024, // of frames of several chunks in one burst
};

// Of Linux 6.6; Debian 12's <linux/if_xdp.h> is older.
enum {
	AFXDP_BIND_FRAGMENTS = 1 << 4,  // XDP_USE_SG
	AFXDP_FRAME_CONTINUES = 1 << 0, // XDP_PKT_CONTD: the next descriptor is of this frame, too
};

// A frame of the last burst.
struct afxdp_held {
	const uint8_t *data;   // all of it
	const uint8_t *before; // in its first chunk
	uint32_t size_bytes;
	uint32_t descriptor_count;
};

struct port_afxdp {
	struct port port;
	struct port_afxdp *peer;     // of a bump in the wire, or NULL
	struct afxdp_memory *memory; // NULL: not bound
	struct xsk_socket *socket;
	struct xsk_ring_cons rx;
	struct xsk_ring_prod tx;
	struct xsk_ring_prod fill;
	struct xsk_ring_cons completion;
	int fd;               // the socket's
	uint32_t burst_index; // where the last burst begins in the receive ring
	uint32_t burst_descriptors;
	unsigned burst_count;
	struct afxdp_held burst[PORT_BURST_MAX];
	uint32_t tx_reserved; // and not yet shown to the kernel
	bool is_zero_copy;
	bool is_ended;
	uint32_t idle_count;

	uint32_t frame_bytes_max;
	uint8_t *whole; // frames of several chunks, joined: AFXDP_WHOLE_BYTES
	uint32_t whole_bytes;

	uint64_t received, submitted, unsent, refused;
	uint64_t descriptors_submitted, descriptors_departed;
	uint64_t not_sent; // of `submitted`: the device would not take it

	char name[IFNAMSIZ];
	unsigned queue;
	unsigned interface;  // its index
	int promiscuous_fd;  // as long as it is open, the interface takes frames to whomever; or -1
	int map_fd;          // XSKMAP
	uint32_t chunks_own; // of the memory, when it is not shared
	bool must_copy;
	bool needs_fragments;
	struct report *report;
};

// port_afxdp_socket.c

// The largest power of two of descriptors, up to AFXDP_RING_MAX, of which a fill and a transmit
// ring have room in `chunk_count` chunks.
uint32_t afxdp_socket_ring_size(uint32_t chunk_count);

// Binds the port to its queue; with `peer`, both to theirs and to one memory. A queue that is taken
// is tried again for a second. Returns 0, or an error (afxdp_socket_words), both unbound then.
int afxdp_socket_bind(struct port_afxdp *port, struct port_afxdp *peer);

// What was on its way is lost; the memory goes with its last user. Unbound: nothing happens.
void afxdp_socket_close(struct port_afxdp *port);

// Why afxdp_socket_bind() failed with `error`, and what helps.
void afxdp_socket_words(const struct port_afxdp *port, int error, char ret_words[static 256]);

// port_afxdp_receive.c

// HOT. Of struct port_ops.
unsigned afxdp_receive(struct port *port, struct frame frames[PORT_BURST_MAX]);

// port_afxdp_send.c; all HOT.

// Takes back what the kernel has sent, and gives it what is free to receive into.
void afxdp_send_reap(struct port_afxdp *port);
void afxdp_send_refill(struct port_afxdp *port);

// Queues a frame that begins at `index` of `from`'s receive ring to leave by `port`. True when its
// chunks are the kernel's now; else they are still `from`'s: it was copied, or is counted as lost.
bool afxdp_send_forward(struct port_afxdp *port, const struct port_afxdp *from,
                        const struct afxdp_held *frame, uint32_t index);

// Queues a copy of `frame`. False when there is no room.
bool afxdp_send_copy(struct port_afxdp *port, struct slice frame);

// Shows the kernel what was queued, and wakes it if it sleeps.
void afxdp_send_flush(struct port_afxdp *port);
