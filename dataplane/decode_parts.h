// dataplane/decode_parts.h — between decode.c and decode_layers.c, decode_tunnel.c, fragment.c and
// checksum.c: for them alone.
#pragma once

#include "dataplane/decode.h"

enum { IPV4_HEADER_BYTES = 20, IPV6_HEADER_BYTES = 40, UDP_HEADER_BYTES = 8 };

// What the IP headers of a packet gave.
struct ip_layer {
	struct slice rest;      // behind them, captured
	uint32_t missing_bytes; // behind `rest`, not captured
	// Of a fragment:
	struct slice fragment;     // what it carries of its packet
	uint32_t fragment_offset;  // in bytes
	uint8_t fragment_protocol; // what its packet begins with
	bool has_more_fragments;
	bool has_routing; // IPv6: the destination may not be the last one
};

// The IP headers at the beginning of `ip`, of which `wire_bytes` were on the wire. Sets the
// packet's fields that they say and *layer. False when there are none.
bool decode_ip(struct slice ip, uint32_t wire_bytes, struct packet *packet, struct ip_layer *layer);

// HOT. A whole packet; counts what is malformed. False when it is no IP packet. `packet` is
// cleared first, but for what does not come from its bytes.
bool decode_packet(struct slice ip, uint32_t wire_bytes, struct packet *packet,
                   struct dataplane_counters *counters);

// What the packet carries is told of another one, or not at all.
static inline void decode_carry(struct packet *packet)
{
	packet->is_carrier = true;
	packet->payload_bytes = 0;
	packet->missing_bytes = 0;
	packet->tcp_flags = 0;
}
