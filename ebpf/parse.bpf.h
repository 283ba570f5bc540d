// ebpf/parse.bpf.h — the XDP program's one parser: Ethernet, up to two VLAN tags, IPv4 with
// options, IPv6 with extension headers, ports of TCP, UDP and SCTP.
//
// Everything is bounded and length-checked here. What is damaged behind its addresses is still
// judged by them.
#pragma once

#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "ebpf/filter_bits.h"

enum {
	ETHER_BYTES = 14,
	ETHER_VLAN = 0x8100,
	ETHER_QINQ = 0x88a8,
	ETHER_IPV4 = 0x0800,
	ETHER_IPV6 = 0x86dd,
	VLAN_TAGS_MAX = 2,
	EXTENSIONS_MAX = 8,
	PARSED_BYTES_MASK = 0x3fff, // headers lie within; for the verifier

	IP_HOP_BY_HOP = 0,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_AUTHENTICATION = 51,
	IP_DESTINATION_OPTIONS = 60,
	IP_SCTP = 132,

	TCP_FIN = 1,
	TCP_SYN = 2,
	TCP_RST = 4,
	TCP_ACK = 16,
};

enum fragment_kind { FRAGMENT_NONE, FRAGMENT_FIRST, FRAGMENT_LATER };

struct parsed {
	struct xdp_words source, destination;
	uint32_t fragment_id;
	uint32_t payload_at; // of TCP or UDP, from the frame's start; until then: of what is next
	uint32_t payload_bytes; // likewise, on the wire
	uint16_t source_port, destination_port;
	uint8_t protocol;
	uint8_t tcp_flags;
	uint8_t fragment; // enum fragment_kind
	bool is_ip;       // the addresses are there
	bool is_malformed;
};

struct vlan_tag {
	uint16_t control_be16;
	uint16_t type_be16;
};

struct ipv4 {
	uint8_t version_words;
	uint8_t service;
	uint16_t total_be16;
	uint16_t id;
	uint16_t offset_be16;
	uint8_t lifetime;
	uint8_t protocol;
	uint16_t checksum;
	uint32_t source, destination;
};

struct ipv6 {
	uint32_t version;
	uint16_t payload_be16;
	uint8_t next;
	uint8_t hops;
	struct xdp_words source, destination;
} __attribute__((packed));

struct extension {
	uint8_t next;
	uint8_t units;
	uint16_t offset_be16; // of a fragment
	uint32_t id;          // likewise
};

struct ports {
	uint16_t source_be16, destination_be16;
};

// Gives the `size` bytes at `at` of the frame's linear part, or NULL.
static __always_inline void *parse_at(const struct xdp_md *context, uint32_t at, uint32_t size)
{
	void *bytes = (void *)(long)context->data + (at & PARSED_BYTES_MASK);

	return bytes + size > (void *)(long)context->data_end ? NULL : bytes;
}

static __always_inline void parse_failed(struct parsed *packet)
{
	packet->is_malformed = true;
	packet->payload_bytes = 0;
}

// RFC 9293, section 3.1; RFC 768. Moves what is to be parsed behind the header.
static __always_inline void parse_transport(const struct xdp_md *context, struct parsed *packet)
{
	const struct ports *ports = parse_at(context, packet->payload_at, sizeof(*ports));
	uint32_t header = 8;

	if (!ports || packet->payload_bytes < sizeof(*ports)) {
		parse_failed(packet);
		return;
	}
	packet->source_port = bpf_ntohs(ports->source_be16);
	packet->destination_port = bpf_ntohs(ports->destination_be16);
	if (packet->protocol == IP_TCP) {
		const uint8_t *tcp = parse_at(context, packet->payload_at, 20);

		if (!tcp || packet->payload_bytes < 20) {
			parse_failed(packet);
			return;
		}
		header = (tcp[12] >> 4) * 4;
		packet->tcp_flags = tcp[13];
	}
	if (header > packet->payload_bytes) {
		parse_failed(packet);
		return;
	}
	packet->payload_at += header;
	packet->payload_bytes -= header;
}

static __always_inline struct xdp_words parse_mapped(uint32_t octets)
{
	return (struct xdp_words){.low = 0xffff0000u | (uint64_t)octets << 32};
}

// RFC 791.
static __always_inline void parse_ipv4(const struct xdp_md *context, struct parsed *packet)
{
	const struct ipv4 *ip = parse_at(context, packet->payload_at, sizeof(*ip));

	if (!ip || ip->version_words >> 4 != 4) {
		parse_failed(packet);
		return;
	}
	uint32_t header = (ip->version_words & 15) * 4;
	uint32_t total = bpf_ntohs(ip->total_be16);
	uint16_t offset = bpf_ntohs(ip->offset_be16);

	packet->is_ip = true;
	packet->source = parse_mapped(ip->source);
	packet->destination = parse_mapped(ip->destination);
	packet->protocol = ip->protocol;
	packet->fragment_id = ip->id;
	if (offset & 0x1fff)
		packet->fragment = FRAGMENT_LATER;
	else if (offset & 0x2000)
		packet->fragment = FRAGMENT_FIRST;
	if (header < sizeof(*ip) || total < header) {
		parse_failed(packet);
		return;
	}
	packet->payload_at += header;
	packet->payload_bytes = total - header;
}

// RFC 8200, section 4. How long the extension header is that begins with these bytes.
static __always_inline uint32_t extension_bytes(uint8_t protocol, uint8_t units)
{
	if (protocol == IP_FRAGMENT)
		return 8;
	if (protocol == IP_AUTHENTICATION)
		return (units + 2) * 4; // RFC 4302, section 2.2
	return (units + 1) * 8;
}

static __always_inline bool is_extension(uint8_t protocol)
{
	return protocol == IP_HOP_BY_HOP || protocol == IP_ROUTING || protocol == IP_FRAGMENT ||
	       protocol == IP_AUTHENTICATION || protocol == IP_DESTINATION_OPTIONS;
}

static __always_inline void parse_fragment(const struct extension *extension, struct parsed *packet)
{
	uint16_t offset = bpf_ntohs(extension->offset_be16);

	packet->fragment_id = extension->id;
	if (offset >> 3)
		packet->fragment = FRAGMENT_LATER;
	else if (offset & 1) // else RFC 6946: an atomic fragment, which is whole
		packet->fragment = FRAGMENT_FIRST;
}

// Passes over one extension header; 0: there is none, or what follows is not to be looked at.
// Global, so that the verifier looks at it once and not for each of its callers'
// states.
__noinline int parse_extension(struct xdp_md *context, struct parsed *packet)
{
	const struct extension *extension;
	uint32_t size;

	if (!packet || !is_extension(packet->protocol))
		return 0;
	extension = parse_at(context, packet->payload_at, sizeof(*extension));
	if (!extension) {
		parse_failed(packet);
		return 0;
	}
	size = extension_bytes(packet->protocol, extension->units);
	if (size > packet->payload_bytes) {
		parse_failed(packet);
		return 0;
	}
	if (packet->protocol == IP_FRAGMENT)
		parse_fragment(extension, packet);
	packet->protocol = extension->next;
	packet->payload_at += size;
	packet->payload_bytes -= size;
	return packet->fragment != FRAGMENT_LATER;
}

static __always_inline void parse_ipv6(struct xdp_md *context, struct parsed *packet)
{
	const struct ipv6 *ip = parse_at(context, packet->payload_at, sizeof(*ip));

	if (!ip || (ip->version & 0xf0) != 0x60) {
		parse_failed(packet);
		return;
	}
	packet->is_ip = true;
	packet->source = ip->source;
	packet->destination = ip->destination;
	packet->protocol = ip->next;
	packet->payload_bytes = bpf_ntohs(ip->payload_be16);
	packet->payload_at += sizeof(*ip);
	if (!is_extension(packet->protocol))
		return;
	for (int i = 0; i < EXTENSIONS_MAX; i++)
		if (!parse_extension(context, packet))
			break;
}

// Passes over Ethernet and VLAN tags; returns the EtherType behind them, or 0: cut off.
static __always_inline uint16_t parse_link(const struct xdp_md *context, struct parsed *packet)
{
	const uint8_t *ether = parse_at(context, 0, ETHER_BYTES);
	uint16_t type;

	if (!ether)
		return 0;
	type = bpf_ntohs(*(const uint16_t *)(ether + 12));
	packet->payload_at = ETHER_BYTES;
	for (int i = 0; i < VLAN_TAGS_MAX; i++) {
		const struct vlan_tag *tag;

		if (type != ETHER_VLAN && type != ETHER_QINQ)
			break;
		tag = parse_at(context, packet->payload_at, sizeof(*tag));
		if (!tag)
			return 0;
		type = bpf_ntohs(tag->type_be16);
		packet->payload_at += sizeof(*tag);
	}
	return type;
}

// `packet` comes all zero, and goes with what the frame says; is_ip is false of what has no
// addresses.
static __always_inline void parse_frame(struct xdp_md *context, struct parsed *packet)
{
	uint16_t type = parse_link(context, packet);

	if (type == ETHER_IPV4)
		parse_ipv4(context, packet);
	else if (type == ETHER_IPV6)
		parse_ipv6(context, packet);
	else
		packet->is_malformed = type == 0;
	if (!packet->is_ip || packet->is_malformed || packet->fragment == FRAGMENT_LATER)
		return;
	if (packet->protocol == IP_TCP || packet->protocol == IP_UDP || packet->protocol == IP_SCTP)
		parse_transport(context, packet);
}
