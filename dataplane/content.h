// dataplane/content.h — packets of a flow to whoever reads what they carry: stream.c for TCP,
// extract_quic.c for UDP, and DNS messages, which stand alone.
//
// Of a UDP flow the first datagrams tell whether it is DNS or QUIC, on any port. On port 53 each
// datagram is asked whether it is a DNS message.
#pragma once

#include "dataplane/extract_quic.h"
#include "dataplane/file.h"
#include "dataplane/http_connection.h"
#include "dataplane/stream.h"

struct content {
	struct stream_table streams;
	struct quic_table quics;
	struct file_table *files; // own, as is:
	struct http_table *http;
	struct match_batch *batch; // borrowed: where observables go
	bool has_local_dns;        // struct traffic_settings
};

static inline bool content_is_local_dns(const struct packet *packet)
{
	enum { MULTICAST_DNS_PORT = 5353, LLMNR_PORT = 5355 };

	return packet->src_port == MULTICAST_DNS_PORT || packet->dst_port == MULTICAST_DNS_PORT ||
	       packet->src_port == LLMNR_PORT || packet->dst_port == LLMNR_PORT;
}

// Returns 0, or -ENOMEM with *content untouched.
int content_open(struct content *content, size_t stream_budget_bytes, struct match_batch *batch);

// Accepts an all-zero one.
void content_close(struct content *content);

// HOT. Is a datagram asked whether it is a DNS message, whatever the flow is?
static inline bool content_is_on_dns_port(const struct content *content,
                                          const struct packet *packet)
{
	return packet_is_dns(packet) || (content->has_local_dns && content_is_local_dns(packet));
}

// HOT. Is there anything to be read in it? An ICMP error quotes another packet.
static inline bool content_is_wanted(const struct content *content, const struct flow *flow,
                                     const struct packet *packet)
{
	if (packet->protocol == IP_TCP)
		return stream_is_wanted(flow, packet);
	if (packet->protocol == IP_UDP)
		return (flow->state & FLOW_DONE_LOW) == 0 ||
		       content_is_on_dns_port(content, packet);
	return packet->is_icmp_error;
}

// HOT. What content_packet() will need: to be called some packets before.
static inline void content_prefetch(const struct content *content, const struct flow *flow,
                                    const struct packet *packet)
{
	if (packet->protocol == IP_TCP)
		stream_prefetch(&content->streams, flow, packet);
}

// HOT. Takes a packet of TCP or UDP, not a later fragment. batch->packet must be `packet`.
void content_packet(struct content *content, struct flow *flow, const struct packet *packet);

// HOT. Nothing of the flow is wanted any more.
void content_drop(struct content *content, struct flow *flow);

// The flow ends: what is held is given out. batch->packet is changed.
void content_end(struct content *content, struct flow *flow);
