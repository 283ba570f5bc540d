// Fragments of packets, made by hand: for the tests of decode and of what is inline.
#pragma once

#include "tests/unit/dataplane/live_frames.h"

// Writes the fragment of the packet in `whole` (Ethernet without tags, IPv4 or IPv6) with `size`
// bytes of what is behind its IP header, from `offset` on; fewer where it ends: that is the last.
static inline void fragment_cut(const struct live_frame *whole, uint32_t id, size_t offset,
                                size_t size, struct live_frame *frame)
{
	bool is_ipv6 = whole->bytes[12] == 0x86;
	size_t header = is_ipv6 ? 40 : 20;
	size_t left = whole->size - 14 - header - offset;
	bool has_more = size < left;
	uint8_t *ip = frame->bytes + 14;

	if (!has_more)
		size = left;
	frame->size = 0;
	live_put_bytes(frame, whole->bytes, 14 + header);
	if (is_ipv6) {
		live_put(frame, ip[6], 1); // RFC 8200, section 4.5
		live_put(frame, 0, 1);
		live_put(frame, offset | has_more, 2);
		live_put(frame, id, 4);
		ip[6] = IP_FRAGMENT;
		ip[4] = (uint8_t)((size + 8) >> 8);
		ip[5] = (uint8_t)(size + 8);
	} else {
		unsigned total = (unsigned)(20 + size);
		unsigned flags = (unsigned)(offset / 8) | (has_more ? 0x2000u : 0);
		uint16_t sum;

		memcpy(ip + 2,
		       (uint8_t[]){(uint8_t)(total >> 8), (uint8_t)total, (uint8_t)(id >> 8),
		                   (uint8_t)id, (uint8_t)(flags >> 8), (uint8_t)flags},
		       6);
		memset(ip + 10, 0, 2);
		sum = live_checksum(ip, 20, 0);
		ip[10] = (uint8_t)(sum >> 8);
		ip[11] = (uint8_t)sum;
	}
	live_put_bytes(frame, whole->bytes + 14 + header + offset, size);
}
