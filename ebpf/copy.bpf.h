// ebpf/copy.bpf.h — what of the packets that pass user space sees, in a ring buffer.
//
// The first packet of every flow; DNS, and tunnels, whole; what begins, ends or carries bytes of a
// TCP connection, and long headers of QUIC, until user space says that the flow is done, or
// XDP_COPY_FLOW_BYTES each way. Later fragments never.
#pragma once

#include "ebpf/flows.bpf.h"
#include "ebpf/tunnel_port.h"

enum { PORT_DNS = 53, PORT_QUIC = 443 };

// What carries packets of other flows (www.iana.org/assignments/protocol-numbers), as far as user
// space looks inside.
enum {
	IP_IN_IP = 4,
	IP_IPV6 = 41,
	IP_GRE = 47,
	IP_L2TP = 115,
};

static __always_inline bool has_port(const struct parsed *packet, uint16_t port)
{
	return packet->source_port == port || packet->destination_port == port;
}

// RFC 9000, section 17.2: the first two bits of Initial packets, and of others of the handshake.
static __always_inline bool is_quic_long(const struct passage *passage)
{
	uint8_t first;

	return has_port(&passage->packet, PORT_QUIC) &&
	       bpf_xdp_load_bytes(passage->context, passage->packet.payload_at, &first,
	                          sizeof(first)) == 0 &&
	       (first & 0xc0) == 0xc0;
}

static __always_inline bool is_tunnel_port(uint16_t port)
{
	return port == PORT_VXLAN || port == PORT_GENEVE || port == PORT_GTP_U ||
	       port == PORT_VXLAN_LINUX || port == PORT_VXLAN_GPE || port == PORT_TEREDO ||
	       port == PORT_L2TP;
}

static __always_inline bool is_tunnel(const struct parsed *packet)
{
	if (packet->protocol == IP_UDP)
		return is_tunnel_port(packet->destination_port) ||
		       packet->source_port == PORT_TEREDO || packet->source_port == PORT_L2TP;
	return packet->protocol == IP_IN_IP || packet->protocol == IP_IPV6 ||
	       packet->protocol == IP_GRE || packet->protocol == IP_L2TP;
}

// What carries something that may be wanted, of a flow that is watched.
static __always_inline bool is_bearing(const struct passage *passage)
{
	const struct parsed *packet = &passage->packet;

	if (packet->protocol == IP_TCP)
		return packet->payload_bytes > 0 ||
		       (packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST));
	if (packet->protocol == IP_UDP && packet->payload_bytes > 0)
		return has_port(packet, PORT_DNS) || is_quic_long(passage) || is_tunnel(packet);
	return is_tunnel(packet);
}

// Spends the flow's budget; false: there is none left. DNS over UDP has none: each message counts;
// nor has a tunnel, whose flows begin at any time.
static __always_inline bool may_copy(const struct passage *passage, struct xdp_flow *flow)
{
	const struct parsed *packet = &passage->packet;
	uint32_t *copied = &flow->copied_bytes[passage->source_hash < passage->destination_hash];

	if ((packet->protocol == IP_UDP && has_port(packet, PORT_DNS)) || is_tunnel(packet))
		return true;
	if (*copied >= XDP_COPY_FLOW_BYTES)
		return false;
	__sync_fetch_and_add(copied, packet->payload_bytes);
	return true;
}

static __always_inline bool wants_copy(const struct passage *passage, struct xdp_flow_line *line,
                                       struct xdp_flow *flow, uint32_t state)
{
	if (passage->packet.fragment == FRAGMENT_LATER || state == XDP_STATE_DONE || !line)
		return false;
	if (!flow) {
		flow = flow_claim(line, passage->flow_hash, tick_of(passage->now_ns));
		if (flow)
			may_copy(passage, flow);
		return true;
	}
	return is_bearing(passage) && may_copy(passage, flow);
}

// How much of the packet fits into `room`, a power of two: 1 to `room` bytes. The barrier keeps the
// compiler from seeing that the mask changes nothing; without it, Linux 6.1 does not.
static __always_inline uint32_t fitting_bytes(uint32_t bytes, const uint32_t room)
{
	if (bytes > room)
		bytes = room;
	bytes--;
	asm volatile("" : "+r"(bytes));
	return (bytes & (room - 1)) + 1;
}

// A reservation's size must be constant, so there are four. A frame has 14 bytes at least.
static __always_inline bool copy_sized(struct passage *passage, const uint32_t room)
{
	struct xdp_copy *copy = bpf_ringbuf_reserve(&copies, sizeof(*copy) + room, 0);
	uint32_t bytes = fitting_bytes(passage->wire_bytes, room);

	if (!copy)
		return false;
	copy->time_ns = passage->now_ns;
	copy->wire_bytes = passage->wire_bytes;
	copy->captured_bytes = bytes;
	copy->is_dropped = 0;
	copy->reserved = 0;
	if (bpf_xdp_load_bytes(passage->context, 0, copy->data, bytes) < 0) {
		bpf_ringbuf_discard(copy, 0);
		return false;
	}
	bpf_ringbuf_submit(copy, 0);
	return true;
}

static __noinline bool copy_packet(struct passage *passage)
{
	if (passage->wire_bytes <= 128)
		return copy_sized(passage, 128);
	if (passage->wire_bytes <= 512)
		return copy_sized(passage, 512);
	if (passage->wire_bytes <= 2048)
		return copy_sized(passage, 2048);
	return copy_sized(passage, XDP_COPY_BYTES_MAX);
}
