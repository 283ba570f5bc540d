// Packets in tunnels, made by hand: for the tests of decode and of what is inline.
#pragma once

#include "tests/unit/dataplane/live_frames.h"

// What a tunnel puts before the packet in it, behind the outer IP header.
struct tunnel {
	const char *name;
	uint8_t protocol;
	uint16_t port;      // of UDP, as destination
	bool is_from_port;  // it is the source's
	bool has_ethernet;  // the packet comes with its Ethernet header
	bool is_ipv6_inner; // else IPv4
	uint8_t header_bytes;
	const char *header;
};

#define TUNNEL_HEADER(text) (sizeof(text) - 1), text

// Of GTP-U, and of L2TP with a length, the header has the length of what follows: `size`.
static inline void tunnel_mend_length(const struct tunnel *tunnel, struct live_frame *frame,
                                      size_t header, size_t size)
{
	if (tunnel->port == 2152)
		size += tunnel->header_bytes - 8u;
	else if (tunnel->port == 1701 && (frame->bytes[header] & 0x40) != 0)
		size += tunnel->header_bytes;
	else
		return;
	frame->bytes[header + 2] = (uint8_t)(size >> 8);
	frame->bytes[header + 3] = (uint8_t)size;
}

// An Ethernet frame: 203.0.113.1 sends 203.0.113.2 the packet that live_write() would make.
static inline void tunnel_write(const struct tunnel *tunnel, const struct live_packet *packet,
                                struct live_frame *frame)
{
	struct live_packet inner = *packet;
	struct live_frame inside;
	size_t skipped = tunnel->has_ethernet ? 0 : 14, size, header;
	bool is_udp = tunnel->protocol == IP_UDP;

	inner.is_ipv6 = tunnel->is_ipv6_inner;
	live_write(&inner, &inside);
	size = inside.size - skipped;
	frame->size = 0;
	live_put(frame, 0x020000000009, 6);
	live_put(frame, 0x020000000008, 6);
	live_put(frame, 0x0800, 2);
	live_put(frame, 0x4500, 2);
	live_put(frame, 20 + (is_udp ? 8u : 0u) + tunnel->header_bytes + size, 2);
	live_put(frame, 0, 4);
	live_put(frame, 64, 1);
	live_put(frame, tunnel->protocol, 1);
	live_put(frame, 0, 2);
	live_put(frame, 0xcb007101, 4);
	live_put(frame, 0xcb007102, 4);
	uint16_t sum = live_checksum(frame->bytes + 14, 20, 0);
	frame->bytes[24] = (uint8_t)(sum >> 8);
	frame->bytes[25] = (uint8_t)sum;
	if (is_udp) {
		live_put(frame, tunnel->is_from_port ? tunnel->port : 50000, 2);
		live_put(frame, tunnel->is_from_port ? 50000 : tunnel->port, 2);
		live_put(frame, 8u + tunnel->header_bytes + size, 2);
		live_put(frame, 0, 2);
	}
	header = frame->size;
	live_put_bytes(frame, tunnel->header, tunnel->header_bytes);
	live_put_bytes(frame, inside.bytes + skipped, size);
	tunnel_mend_length(tunnel, frame, header, size);
}

static const struct tunnel tunnel_vxlan = {"VXLAN",
                                           IP_UDP,
                                           4789,
                                           false,
                                           true,
                                           false,
                                           TUNNEL_HEADER("\x08\x00\x00\x00\x00\x00\x2a\x00")};
