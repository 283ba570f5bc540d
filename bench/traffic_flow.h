// bench/traffic_flow.h — a planned flow's packets, one after the other.
#pragma once

#include "base/buffer.h"
#include "bench/traffic_packet.h"
#include "bench/traffic_plan.h"

enum packet_class {
	CLASS_DNS,
	CLASS_MESSAGE,   // ClientHello, HTTP request
	CLASS_HANDSHAKE, // SYN, SYN-ACK
	CLASS_BULK,      // everything that yields nothing: data, acknowledgements, closing
	CLASS_COUNT,
};

struct traffic_output {
	struct traffic_writer writer;
	uint64_t classes[CLASS_COUNT];
	uint64_t mean_bytes; // of a packet: data or acknowledgement is chosen to come near it
	uint64_t body_bytes; // of HTTP messages, as sent
	struct buffer message;
	struct buffer hello; // of QUIC, before it is encrypted
	struct traffic_random random;
	const struct traffic_gzip *gzip; // borrowed
	bool has_failed;                 // OpenSSL had no memory
};

// Writes the flow's next packet. Returns its class.
enum packet_class traffic_flow_step(struct traffic_flow *flow, struct traffic_output *output);

// Has it none left?
bool traffic_flow_is_done(const struct traffic_flow *flow);
