// Frames of both families with VLAN tags and right checksums, and what is said in them: for the
// tests of what is inline.
#pragma once

#include <stdlib.h>
#include <string.h>

#include "dataplane/decode.h"
#include "dataplane/wire.h"

enum { LIVE_FRAME_BYTES = 2000 };

// Hosts are known by a number: 192.0.2.x, or 2001:db8::x.
struct live_packet {
	int64_t time_ns;
	bool is_ipv6;
	uint8_t vlan_count;
	uint8_t src, dst;
	uint16_t src_port, dst_port;
	uint8_t protocol;
	uint8_t flags; // TCP
	uint32_t sequence, acknowledged;
	uint16_t fragment; // IPv4: flags and offset, as in the header
	uint16_t id;
	struct slice payload;
};

struct live_frame {
	size_t size;
	uint8_t bytes[LIVE_FRAME_BYTES];
};

static inline void live_put(struct live_frame *frame, uint64_t value, unsigned size)
{
	while (size-- > 0)
		frame->bytes[frame->size++] = (uint8_t)(value >> 8 * size);
}

static inline void live_put_bytes(struct live_frame *frame, const void *bytes, size_t size)
{
	if (size > LIVE_FRAME_BYTES - frame->size)
		abort();
	if (size > 0)
		memcpy(frame->bytes + frame->size, bytes, size);
	frame->size += size;
}

// RFC 1071, over a run and what was summed before it.
static inline uint16_t live_checksum(const uint8_t *bytes, size_t size, uint32_t sum)
{
	for (size_t i = 0; i < size; i++)
		sum += i % 2 == 0 ? (uint32_t)bytes[i] << 8 : bytes[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static inline void live_put_host(struct live_frame *frame, bool is_ipv6, uint8_t host)
{
	if (is_ipv6)
		live_put(frame, 0x20010db800000000, 8);
	live_put(frame, is_ipv6 ? host : 0xc0000200u | host, is_ipv6 ? 8 : 4);
}

static inline uint32_t live_words(const uint8_t *bytes, size_t size)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < size; i += 2)
		sum += wire_be16(bytes + i);
	return sum;
}

static inline void live_write(const struct live_packet *packet, struct live_frame *frame)
{
	size_t header = packet->protocol == IP_TCP ? 20 : 8, size = header + packet->payload.size;
	bool is_later = (packet->fragment & 0x1fff) != 0;
	size_t ip, transport, checksum;

	if (is_later) // of the payload, as it is
		size = packet->payload.size;
	frame->size = 0;
	live_put(frame, 0x020000000000 | packet->dst, 6);
	live_put(frame, 0x020000000000 | packet->src, 6);
	for (unsigned i = 0; i < packet->vlan_count; i++)
		live_put(frame, (i + 1 < packet->vlan_count ? 0x88a80000 : 0x81000000) | (100 + i),
		         4);
	live_put(frame, packet->is_ipv6 ? 0x86dd : 0x0800, 2);
	ip = frame->size;
	if (packet->is_ipv6) {
		live_put(frame, 0x60000000, 4);
		live_put(frame, size, 2);
		live_put(frame, packet->protocol, 1);
		live_put(frame, 60, 1);
	} else {
		live_put(frame, 0x4500, 2);
		live_put(frame, 20 + size, 2);
		live_put(frame, packet->id, 2);
		live_put(frame, packet->fragment, 2);
		live_put(frame, 60, 1);
		live_put(frame, packet->protocol, 1);
		live_put(frame, 0, 2);
	}
	live_put_host(frame, packet->is_ipv6, packet->src);
	live_put_host(frame, packet->is_ipv6, packet->dst);
	if (!packet->is_ipv6) {
		uint16_t sum = live_checksum(frame->bytes + ip, 20, 0);

		frame->bytes[ip + 10] = (uint8_t)(sum >> 8);
		frame->bytes[ip + 11] = (uint8_t)sum;
	}
	transport = frame->size;
	if (is_later) {
		live_put_bytes(frame, packet->payload.data, packet->payload.size);
		return;
	}
	live_put(frame, packet->src_port, 2);
	live_put(frame, packet->dst_port, 2);
	if (packet->protocol == IP_TCP) {
		live_put(frame, packet->sequence, 4);
		live_put(frame, packet->acknowledged, 4);
		live_put(frame, 0x5000 | packet->flags, 2);
		live_put(frame, 0xffff, 2);
		live_put(frame, 0, 4);
	} else {
		live_put(frame, size, 2);
		live_put(frame, 0, 2);
	}
	live_put_bytes(frame, packet->payload.data, packet->payload.size);
	checksum = transport + (packet->protocol == IP_TCP ? 16 : 6);
	uint32_t sum = live_words(frame->bytes + ip + (packet->is_ipv6 ? 8 : 12),
	                          packet->is_ipv6 ? 32 : 8);
	uint16_t folded = live_checksum(frame->bytes + transport, size,
	                                sum + packet->protocol + (uint32_t)size);
	frame->bytes[checksum] = (uint8_t)(folded >> 8);
	frame->bytes[checksum + 1] = (uint8_t)folded;
}

// "bad.example" as labels.
static inline void live_put_name(struct live_frame *frame, const char *name)
{
	while (*name != 0) {
		size_t size = strcspn(name, ".");

		live_put(frame, size, 1);
		live_put_bytes(frame, name, size);
		name += size + (name[size] == '.');
	}
	live_put(frame, 0, 1);
}

static inline void live_put_question(struct live_frame *message, uint16_t flags, unsigned answers,
                                     const char *name)
{
	message->size = 0;
	live_put(message, 0xbeef, 2);
	live_put(message, flags, 2);
	live_put(message, 1, 2);
	live_put(message, answers, 2);
	live_put(message, 0, 4);
	live_put_name(message, name);
	live_put(message, 0x00010001, 4);
}

static inline struct slice live_slice(const struct live_frame *frame)
{
	return slice_of(frame->bytes, frame->size);
}

static inline struct slice live_query(struct live_frame *message, const char *name)
{
	live_put_question(message, 0x0100, 0, name);
	return live_slice(message);
}

// An answer that consists of a record of `type`; `target` is a name, or NULL: 198.51.100.9.
static inline struct slice live_answer(struct live_frame *message, const char *name, unsigned type,
                                       const char *target)
{
	struct live_frame data = {0};

	live_put_question(message, 0x8180, 1, name);
	if (type == 15)
		live_put(&data, 10, 2);
	if (target != NULL)
		live_put_name(&data, target);
	else
		live_put(&data, 0xc6336409, 4);
	live_put(message, 0xc00c, 2);
	live_put(message, type, 2);
	live_put(message, 1, 2);
	live_put(message, 60, 4);
	live_put(message, data.size, 2);
	live_put_bytes(message, data.bytes, data.size);
	return live_slice(message);
}

// A ClientHello in one record (RFC 8446, section 4.1.2; RFC 6066, section 3).
static inline struct slice live_hello(struct live_frame *message, const char *name)
{
	size_t size = strlen(name);

	message->size = 0;
	live_put(message, 0x160301, 3);
	live_put(message, 4 + 43 + 9 + size, 2);
	live_put(message, 1, 1);
	live_put(message, 43 + 9 + size, 3);
	live_put(message, 0x0303, 2);
	for (unsigned i = 0; i < 4; i++)
		live_put(message, 0x1111111111111111, 8);
	live_put(message, 0, 1);
	live_put(message, 0x00021301, 4);
	live_put(message, 0x0100, 2);
	live_put(message, 9 + size, 2);
	live_put(message, 0, 2);
	live_put(message, 5 + size, 2);
	live_put(message, 3 + size, 2);
	live_put(message, 0, 1);
	live_put(message, size, 2);
	live_put_bytes(message, name, size);
	return live_slice(message);
}
