// dataplane/decode.h — bytes of a frame to the headers that matter.
//
// Link layers, VLAN tags, IPv4, IPv6 with its extension headers, TCP, UDP, ICMP; then, frame by
// frame, the packets in tunnels and those that were cut into fragments. Everything is
// length-checked in decode*.c and nowhere else: behind it a packet's fields can be trusted to lie
// within the frame, or within what fragment.h holds until the next batch. Fragments other than the
// first have no ports (fragment.h finds them) and no payload.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "dataplane/dataplane.h"
#include "dataplane/port.h"
#include "engine/indicator.h"

// www.iana.org/assignments/protocol-numbers
enum ip_protocol {
	IP_HOP_BY_HOP = 0,
	IP_ICMP = 1,
	IP_IPV4 = 4, // a packet in a packet
	IP_TCP = 6,
	IP_UDP = 17,
	IP_IPV6 = 41,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_GRE = 47,
	IP_AUTHENTICATION = 51,
	IP_ICMPV6 = 58,
	IP_NO_NEXT_HEADER = 59,
	IP_DESTINATION_OPTIONS = 60,
	IP_ETHERNET = 97,
	IP_L2TP = 115,
	IP_SCTP = 132,
	IP_MPLS = 137,
};

enum tcp_flag { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_ACK = 16, TCP_URG = 32 };

// What of a packet that was cut into several it is.
enum packet_fragment {
	FRAGMENT_NONE,
	FRAGMENT_FIRST,
	FRAGMENT_LATER,
	FRAGMENT_WHOLE, // put together again
};

enum {
	// Further packets of a frame: each in a tunnel of the one before, or put together with it.
	DECODE_LAYERS_MAX = 4,
	DECODE_PACKETS_MAX = PORT_BURST_MAX * (1 + DECODE_LAYERS_MAX),
};

struct packet {
	struct address src;
	struct address dst;
	const uint8_t *payload; // of TCP or UDP; of an ICMP error, the quoted packet
	uint32_t payload_bytes; // captured
	uint32_t missing_bytes; // of the payload, not captured
	uint32_t ip_bytes;      // of the whole IP packet, on the wire
	uint32_t sequence;      // TCP
	uint32_t acknowledged;  // TCP: the next byte that its sender expects
	uint32_t fragment_id;   // with `fragment`: what its fragments have in common
	uint16_t src_port;      // ICMP: type
	uint16_t dst_port;      // ICMP: code
	uint16_t urgent_offset; // TCP: with TCP_URG, behind the urgent byte, from the payload on
	uint8_t protocol;       // enum ip_protocol or any other number
	uint8_t tcp_flags;      // enum tcp_flag
	uint8_t fragment;       // enum packet_fragment
	bool is_ip;             // else nothing of this is set
	bool has_ports;         // the ports are set: TCP, UDP, SCTP, and ICMP's type and code
	bool is_icmp_error;
	bool is_tunnel;  // another packet is in it
	bool is_carrier; // its payload is told of another packet, or not at all: tunnels, fragments
	uint8_t depth;   // in how many tunnels it is
	uint8_t frame;   // of the batch: the one it came with
	// Set by flow_batch():
	bool is_from_high; // sent by the side that the flow calls high
	bool is_flow_first;
	uint32_t flow_id;
	// Of the headers in the frame, which can be answered with others like them:
	uint16_t ip_offset;
	uint16_t transport_offset; // 0: there are none, or they are not there whole
	int64_t time_ns;
	uint64_t number; // 1-based within the capture
};

// Of UDP: by its ports, a DNS message.
static inline bool packet_is_dns(const struct packet *packet)
{
	const uint16_t port = 53;

	return packet->src_port == port || packet->dst_port == port;
}

// Are frames of this link type decoded at all?
bool decode_knows_link(enum link_type link);

// HOT. Decodes `count` frames, which are numbered from `first_number` on. Returns a bit a frame
// of which decode_layers() may have more to say.
uint64_t decode_batch(const struct frame frames[], unsigned count, uint64_t first_number,
                      struct packet packets[], struct dataplane_counters *counters);

struct fragment_table;

// What decode_layers() works with.
struct decoder {
	struct fragment_table *fragments; // borrowed
	struct dataplane_counters *counters;
	bool must_check_sums; // struct traffic_settings
};

// HOT. Behind decode_batch(), which returned `wanted`. Appends to packets[0..count), in the frames'
// order, the packets that are in those of the frames of `wanted`: of each at most
// DECODE_LAYERS_MAX. `packets` has room for DECODE_PACKETS_MAX. Returns how many there are.
unsigned decode_layers(const struct decoder *decoder, const struct frame frames[], unsigned count,
                       uint64_t wanted, struct packet packets[]);

// Is a packet of this protocol, and of UDP with one of these ports, one that a tunnel's may be?
bool decode_may_be_tunnel(const struct packet *packet);

// HOT. The packet that an ICMP error quotes: addresses, protocol, and ports when they are there.
// False when the quote is too short or no IP packet.
bool decode_quote(const struct packet *error, struct packet *ret_quoted);
