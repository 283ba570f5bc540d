// bench/traffic_packet.h — Ethernet frames with IPv4 or IPv6, TCP or UDP, into a pcap file.
//
// Checksums are valid. One thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/slice.h"
#include "engine/indicator.h"

enum {
	TRAFFIC_TCP = 6,
	TRAFFIC_UDP = 17,
	TRAFFIC_MTU = 1500,
	TCP_FIN = 0x01,
	TCP_SYN = 0x02,
	TCP_PUSH = 0x08,
	TCP_ACK = 0x10,
};

struct traffic_writer {
	FILE *file; // borrowed
	uint64_t packets;
	uint64_t bytes; // of frames, without the file's headers
	int64_t time_ns;
};

// One side's view of a connection. Sequence numbers are TCP's only.
struct traffic_endpoint {
	struct address address;
	uint16_t port;
	uint32_t sequence; // of the next byte sent
};

struct traffic_packet {
	const struct traffic_endpoint *from, *to;
	uint8_t protocol; // TRAFFIC_TCP, TRAFFIC_UDP
	uint8_t tcp_flags;
	struct slice payload; // fits in the MTU
};

// Writes the file's header. Returns false when that fails.
bool traffic_writer_start(struct traffic_writer *writer, FILE *file, int64_t start_ns);

// Appends one packet at writer->time_ns. Errors stay in the FILE, to be seen at its end.
void traffic_writer_add(struct traffic_writer *writer, const struct traffic_packet *packet);

// The most payload that one TCP segment of `address`'s family carries.
size_t traffic_segment_bytes(const struct address *address);
