// Frames and captures made by hand, for the tests of the packet path.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/timestamp.h"
#include "dataplane/decode.h"

enum { FRAME_BYTES_MAX = 2048 };

// A TCP or UDP segment between two IPv4 addresses, given by their last octet (192.0.2.x).
struct segment {
	int64_t time_ns;
	uint8_t src, dst;
	uint16_t src_port, dst_port;
	uint8_t protocol;
	uint8_t flags; // 0: TCP_ACK, which only a SYN can lack
	uint32_t sequence;
	uint32_t acknowledged;
	uint16_t urgent_offset;
	const char *text;   // payload, or NULL
	size_t text_bytes;  // 0: up to the NUL
	uint32_t cut_bytes; // of the payload, not captured
	uint16_t id;        // of the IPv4 header
	uint16_t fragment;  // likewise: flags and offset
};

static inline void frame_put16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static inline void frame_put32(uint8_t *at, uint32_t value)
{
	frame_put16(at, value >> 16);
	frame_put16(at + 2, value & 0xffff);
}

// Writes Ethernet, IPv4, TCP or UDP, payload. Returns the frame's bytes (on the wire).
static inline uint32_t frame_write(const struct segment *segment, uint8_t out[FRAME_BYTES_MAX])
{
	size_t size = segment->text_bytes;
	unsigned header = segment->protocol == IP_TCP ? 20 : 8;

	if (size == 0 && segment->text != NULL)
		size = strlen(segment->text);
	memset(out, 0, FRAME_BYTES_MAX);
	frame_put16(out + 12, 0x0800);
	out[14] = 0x45;
	frame_put16(out + 16, (unsigned)(20 + header + size));
	frame_put16(out + 18, segment->id);
	frame_put16(out + 20, segment->fragment);
	out[22] = 64;
	out[23] = segment->protocol;
	memcpy(out + 26, (uint8_t[]){192, 0, 2, segment->src}, 4);
	memcpy(out + 30, (uint8_t[]){192, 0, 2, segment->dst}, 4);
	frame_put16(out + 34, segment->src_port);
	frame_put16(out + 36, segment->dst_port);
	if (segment->protocol == IP_TCP) {
		frame_put32(out + 38, segment->sequence);
		out[46] = 0x50;
		frame_put32(out + 42, segment->acknowledged);
		out[47] = segment->flags != 0 ? segment->flags : TCP_ACK;
		frame_put16(out + 52, segment->urgent_offset);
	} else {
		frame_put16(out + 38, (unsigned)(8 + size));
	}
	if (size > 0)
		memcpy(out + 34 + header, segment->text, size);
	return (uint32_t)(34 + header + size);
}

// The packet of a segment, decoded; `frame` must live as long.
static inline struct packet frame_packet(const struct segment *segment, uint64_t number,
                                         uint8_t frame[FRAME_BYTES_MAX])
{
	struct dataplane_counters counters = {0};
	struct packet packet;
	uint32_t wire_bytes = frame_write(segment, frame);
	struct frame one = {
		.data = frame,
		.wire_bytes = wire_bytes,
		.captured_bytes = wire_bytes - segment->cut_bytes,
		.time_ns = segment->time_ns,
		.link = LINK_ETHERNET,
	};

	decode_batch(&one, 1, number, &packet, &counters);
	return packet;
}

static inline void capture_u32(struct buffer *capture, uint32_t value)
{
	buffer_append(capture, &value, sizeof(value));
}

// A pcap file's header: nanoseconds, this machine's byte order.
static inline void capture_begin(struct buffer *capture, enum link_type link)
{
	capture_u32(capture, 0xa1b23c4d);
	capture_u32(capture, 2 | 4 << 16);
	capture_u32(capture, 0);
	capture_u32(capture, 0);
	capture_u32(capture, 65535);
	capture_u32(capture, link);
}

static inline void capture_add(struct buffer *capture, const struct segment *segment)
{
	uint8_t frame[FRAME_BYTES_MAX];
	uint32_t bytes = frame_write(segment, frame);

	capture_u32(capture, (uint32_t)(segment->time_ns / NS_PER_S));
	capture_u32(capture, (uint32_t)(segment->time_ns % NS_PER_S));
	capture_u32(capture, bytes - segment->cut_bytes);
	capture_u32(capture, bytes);
	buffer_append(capture, frame, bytes - segment->cut_bytes);
}

// Writes bytes to a new file under the temporary folder, whose name goes to `ret_path`.
static inline void capture_save(struct slice bytes, char ret_path[64])
{
	int fd;

	strcpy(ret_path, "/tmp/sekisho-test-XXXXXX");
	fd = mkstemp(ret_path);
	if (fd < 0 || write(fd, bytes.data, bytes.size) != (ssize_t)bytes.size)
		abort();
	close(fd);
}
