#include "dataplane/decode_plain.h"

#include <string.h>

#include "dataplane/wire.h"
#include "engine/address.h"

enum {
	IP_OFFSET = 14,
	TRANSPORT_OFFSET = IP_OFFSET + 20,
	TCP_HEADER_BYTES = 20,
	UDP_HEADER_BYTES = 8,
	VERSION_AND_SIZE = 0x45, // no options
	FRAGMENT_BITS = 0x3fff,  // more of them, and the offset
};

// Bytes of the transport header, and in *ret_payload_bytes what is behind it of `room` bytes. 0:
// its own idea of this is another.
static uint32_t transport_bytes(uint8_t protocol, const uint8_t *transport, uint32_t room,
                                uint32_t *ret_payload_bytes)
{
	uint32_t header_bytes = UDP_HEADER_BYTES, end = room;

	if (protocol == IP_TCP)
		header_bytes = (uint32_t)(transport[12] >> 4) * 4;
	else
		end = wire_be16(transport + 4);
	if (header_bytes < (protocol == IP_TCP ? TCP_HEADER_BYTES : UDP_HEADER_BYTES) ||
	    end < header_bytes || end > room)
		return 0;
	*ret_payload_bytes = end - header_bytes;
	return header_bytes;
}

// Field by field, and not the whole of it: each byte is written once.
static void put_usual(struct packet *packet)
{
	packet->missing_bytes = 0;
	packet->sequence = 0;
	packet->tcp_flags = 0;
	packet->fragment = FRAGMENT_NONE;
	packet->is_ip = true;
	packet->has_ports = true;
	packet->is_icmp_error = false;
	packet->is_tunnel = false;
	packet->is_carrier = false;
	packet->depth = 0;
	packet->ip_offset = IP_OFFSET;
	packet->transport_offset = TRANSPORT_OFFSET;
}

// What is TCP's alone.
static void put_tcp(struct packet *packet, const uint8_t *tcp)
{
	packet->sequence = wire_be32(tcp + 4);
	packet->acknowledged = wire_be32(tcp + 8);
	packet->urgent_offset = wire_be16(tcp + 18);
	packet->tcp_flags = tcp[13];
}

bool decode_plain(const struct frame *frame, struct packet *packet)
{
	const uint8_t *ip = frame->data + IP_OFFSET, *transport = frame->data + TRANSPORT_OFFSET;
	const uint32_t captured = frame->captured_bytes;
	uint32_t total, header_bytes, payload_bytes;
	uint8_t protocol;

	if (frame->link != LINK_ETHERNET || captured < TRANSPORT_OFFSET + TCP_HEADER_BYTES ||
	    ip[-2] != 0x08 || ip[-1] != 0x00 || ip[0] != VERSION_AND_SIZE ||
	    (wire_be16(ip + 6) & FRAGMENT_BITS) != 0)
		return false;
	protocol = ip[9];
	total = wire_be16(ip + 2);
	if ((protocol != IP_TCP && protocol != IP_UDP) || total > captured - IP_OFFSET ||
	    total < TRANSPORT_OFFSET - IP_OFFSET + UDP_HEADER_BYTES)
		return false;
	header_bytes = transport_bytes(protocol, transport, total - (TRANSPORT_OFFSET - IP_OFFSET),
	                               &payload_bytes);
	if (header_bytes == 0)
		return false;
	packet->src = address_from_ipv4(ip + 12);
	packet->dst = address_from_ipv4(ip + 16);
	packet->payload = transport + header_bytes;
	packet->payload_bytes = payload_bytes;
	packet->ip_bytes = total;
	packet->fragment_id = wire_be16(ip + 4);
	packet->src_port = wire_be16(transport);
	packet->dst_port = wire_be16(transport + 2);
	packet->protocol = protocol;
	put_usual(packet);
	if (protocol == IP_TCP)
		put_tcp(packet, transport);
	return true;
}
