#include "dataplane/decode_tunnel_udp.h"

#include "dataplane/decode_link.h"
#include "dataplane/wire.h"

enum { VXLAN_HEADER_BYTES = 8, GENEVE_HEADER_BYTES = 8, GTP_HEADER_BYTES = 8 };

// Is this an IP packet whose lengths fit into what is there?
static bool is_whole_ip(struct slice ip)
{
	size_t header_bytes, total;

	if (ip.size >= IPV6_HEADER_BYTES && ip.data[0] >> 4 == 6)
		return (size_t)wire_be16(ip.data + 4) + IPV6_HEADER_BYTES <= ip.size;
	if (ip.size < IPV4_HEADER_BYTES || ip.data[0] >> 4 != 4)
		return false;
	header_bytes = (size_t)(ip.data[0] & 15) * 4;
	total = wire_be16(ip.data + 2);
	return header_bytes >= IPV4_HEADER_BYTES && header_bytes <= total && total <= ip.size;
}

enum tunnel_content decode_tunnel_session(struct slice *rest)
{
	// Cookies have 0, 4 or 8 bytes, and the usual sublayer 4 (RFC 3931, section 4.1).
	for (size_t offset = 0; offset <= 12; offset += 4) {
		struct slice behind = slice_from(*rest, offset);
		struct slice ethernet = behind;
		struct slice ppp = behind;

		if (decode_link_typed(ETHER_BRIDGED, &ethernet) <= CONTENT_SHIMMED_IP &&
		    is_whole_ip(ethernet))
			*rest = ethernet;
		else if (decode_link_ppp(&ppp) <= CONTENT_SHIMMED_IP && is_whole_ip(ppp))
			*rest = ppp;
		else if (is_whole_ip(behind))
			*rest = behind;
		else
			continue;
		return TUNNEL_IP;
	}
	return TUNNEL_OTHER;
}

// RFC 7348, section 5; with the group policy's bits (draft-smith-vxlan-group-policy-05).
static enum tunnel_content from_vxlan(struct slice *rest)
{
	const uint8_t *header = rest->data;
	bool has_policy;

	if (rest->size < VXLAN_HEADER_BYTES || (header[0] & ~0x80) != 0x08 || header[7] != 0)
		return TUNNEL_NONE;
	has_policy = header[0] & 0x80;
	if (has_policy ? (header[1] & ~0x48) != 0 : (header[1] | header[2] | header[3]) != 0)
		return TUNNEL_NONE;
	*rest = slice_from(*rest, VXLAN_HEADER_BYTES);
	return decode_tunnel_typed(ETHER_BRIDGED, rest);
}

// draft-ietf-nvo3-vxlan-gpe-13, section 3.1.
static enum tunnel_content from_vxlan_gpe(struct slice *rest)
{
	const uint8_t *header = rest->data;

	if (rest->size < VXLAN_HEADER_BYTES || (header[0] & ~0x0d) != 0 ||
	    (header[0] & 0x0c) != 0x0c || (header[1] | header[2] | header[7]) != 0)
		return TUNNEL_NONE;
	*rest = slice_from(*rest, VXLAN_HEADER_BYTES);
	if (header[0] & 0x01) // of the tunnel's own administration
		return TUNNEL_OTHER;
	switch (header[3]) {
	case 1:
		return decode_tunnel_typed(ETHER_IPV4, rest);
	case 2:
		return decode_tunnel_typed(ETHER_IPV6, rest);
	case 3:
		return decode_tunnel_typed(ETHER_BRIDGED, rest);
	default:
		return TUNNEL_OTHER;
	}
}

// RFC 8926, section 3.4.
static enum tunnel_content from_geneve(struct slice *rest)
{
	const uint8_t *header = rest->data;
	size_t size;

	if (rest->size < GENEVE_HEADER_BYTES || header[0] >> 6 != 0 || (header[1] & 0x3f) != 0 ||
	    header[7] != 0)
		return TUNNEL_NONE;
	size = GENEVE_HEADER_BYTES + (size_t)(header[0] & 0x3f) * 4;
	if (size > rest->size)
		return TUNNEL_NONE;
	*rest = slice_from(*rest, size);
	if (header[1] & 0x80) // control
		return TUNNEL_OTHER;
	return decode_tunnel_typed(wire_be16(header + 2), rest);
}

// 3GPP TS 29.281, section 5.2: extension headers of so many times four bytes, each of which ends
// with the next one's type. False when one does not end.
static bool skip_gtp_extensions(struct slice *rest)
{
	uint8_t next;

	if (rest->size < 4)
		return false;
	next = rest->data[3];
	*rest = slice_from(*rest, 4);
	while (next != 0) {
		size_t size = rest->size > 0 ? (size_t)rest->data[0] * 4 : 0;

		if (size == 0 || size > rest->size)
			return false;
		next = rest->data[size - 1];
		*rest = slice_from(*rest, size);
	}
	return true;
}

// 3GPP TS 29.281, section 5.1: version 1, protocol type GTP, and of its messages T-PDU.
static enum tunnel_content from_gtp(const struct packet *packet, struct slice *rest)
{
	const uint8_t *header = rest->data;
	size_t size;

	if (rest->size < GTP_HEADER_BYTES || (header[0] & 0xf8) != 0x30 || header[1] != 255)
		return TUNNEL_NONE;
	size = GTP_HEADER_BYTES + (size_t)wire_be16(header + 2);
	if (packet->missing_bytes == 0 ? size != rest->size : size < rest->size)
		return TUNNEL_NONE;
	*rest = slice_from(*rest, GTP_HEADER_BYTES);
	if ((header[0] & 7) != 0 && !skip_gtp_extensions(rest))
		return TUNNEL_NONE;
	return decode_link_is_ip(*rest) ? TUNNEL_IP : TUNNEL_OTHER;
}

// RFC 4380, section 5.1.1: authentication, then origin, each if it is there.
static void skip_teredo_indications(struct slice *rest)
{
	if (rest->size >= 4 && wire_be16(rest->data) == 1)
		*rest = slice_from(*rest, 13 + (size_t)rest->data[2] + rest->data[3]);
	if (rest->size >= 2 && wire_be16(rest->data) == 0)
		*rest = slice_from(*rest, 8);
}

// An IPv6 packet one end of which has a Teredo address, or is on its way to get one.
static enum tunnel_content from_teredo(struct slice *rest)
{
	const uint8_t *ip;

	skip_teredo_indications(rest);
	ip = rest->data;
	if (!is_whole_ip(*rest) || ip[0] >> 4 != 6)
		return TUNNEL_NONE;
	for (unsigned at = 8; at <= 24; at += 16)
		if (wire_be32(ip + at) == 0x20010000 || wire_be16(ip + at) == 0xfe80)
			return TUNNEL_IP;
	return TUNNEL_NONE;
}

// RFC 2661, section 3.1. A message that says how long it is says it rightly.
static enum tunnel_content from_l2tp_v2(unsigned flags, struct slice *rest)
{
	size_t size = 6;

	if ((flags & 0x34f0) != 0)
		return TUNNEL_NONE;
	if (flags & 0x4000) {
		if (wire_be16(rest->data + 2) < 8 || wire_be16(rest->data + 2) > rest->size)
			return TUNNEL_NONE;
		size += 2;
	}
	size += flags & 0x0800 ? 4 : 0;
	if (flags & 0x0200) {
		if (rest->size < size + 2)
			return TUNNEL_NONE;
		size += 2 + (size_t)wire_be16(rest->data + size);
	}
	if (size > rest->size)
		return TUNNEL_NONE;
	*rest = slice_from(*rest, size);
	return decode_link_ppp(rest) <= CONTENT_SHIMMED_IP ? TUNNEL_IP : TUNNEL_OTHER;
}

// Data messages. Of version 3: RFC 3931, section 4.1.2.1.
static enum tunnel_content from_l2tp(struct slice *rest)
{
	unsigned flags;

	if (rest->size < 8)
		return TUNNEL_NONE;
	flags = wire_be16(rest->data);
	if ((flags & 0x8000) == 0 && (flags & 0x000f) == 2)
		return from_l2tp_v2(flags, rest);
	if (flags != 3 || wire_be16(rest->data + 2) != 0 || wire_be32(rest->data + 4) == 0)
		return TUNNEL_NONE;
	*rest = slice_from(*rest, 8);
	return decode_tunnel_session(rest);
}

static enum tunnel_content from_port(uint16_t port, const struct packet *packet, struct slice *rest)
{
	switch (port) {
	case PORT_L2TP:
		return from_l2tp(rest);
	case PORT_GTP_U:
		return from_gtp(packet, rest);
	case PORT_TEREDO:
		return from_teredo(rest);
	case PORT_VXLAN:
	case PORT_VXLAN_LINUX:
		return from_vxlan(rest);
	case PORT_VXLAN_GPE:
		return from_vxlan_gpe(rest);
	case PORT_GENEVE:
		return from_geneve(rest);
	default:
		return TUNNEL_NONE;
	}
}

// Nearly always a tunnel's port is the destination's; behind translation it may be the source's.
enum tunnel_content decode_tunnel_udp(const struct packet *packet, struct slice *rest)
{
	struct slice payload = *rest;
	enum tunnel_content content = from_port(packet->dst_port, packet, rest);

	if (content != TUNNEL_NONE)
		return content;
	*rest = payload;
	return from_port(packet->src_port, packet, rest);
}
