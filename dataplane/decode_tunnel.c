#include "dataplane/decode_tunnel.h"

#include "dataplane/decode_link.h"
#include "dataplane/decode_tunnel_udp.h"
#include "dataplane/wire.h"

// Protocols of GRE that are no EtherType of a link (www.iana.org/assignments/ieee-802-numbers).
enum {
	GRE_PPP = 0x880b,
	GRE_WCCP = 0x883e,
	GRE_ERSPAN = 0x88be,
	GRE_ERSPAN_III = 0x22eb,
};

// Of GRE's first two bytes (RFC 2784, section 2.1; RFC 2890, section 2; RFC 2637, section 4.1).
enum {
	GRE_HAS_CHECKSUM = 0x8000,
	GRE_HAS_ROUTING = 0x4000,
	GRE_HAS_KEY = 0x2000,
	GRE_HAS_SEQUENCE = 0x1000,
	GRE_HAS_ACKNOWLEDGMENT = 0x0080,
	GRE_VERSION = 0x0007,
};

enum tunnel_content decode_tunnel_typed(uint16_t type, struct slice *rest)
{
	return decode_link_typed(type, rest) <= CONTENT_SHIMMED_IP ? TUNNEL_IP : TUNNEL_OTHER;
}

static enum tunnel_content from_ppp(struct slice *rest)
{
	return decode_link_ppp(rest) <= CONTENT_SHIMMED_IP ? TUNNEL_IP : TUNNEL_OTHER;
}

// draft-foschiano-erspan-03, section 4: type I has no header of its own, and no sequence number in
// GRE's; II has eight bytes; III twelve, and eight more when its last bit says so.
static enum tunnel_content from_erspan(struct slice *rest, bool has_sequence)
{
	size_t size = 0;

	if (has_sequence) {
		if (rest->size < 12)
			return TUNNEL_OTHER;
		size = rest->data[0] >> 4 == 2 ? 12 + (size_t)(rest->data[11] & 1) * 8 : 8;
	}
	*rest = slice_from(*rest, size);
	return decode_tunnel_typed(ETHER_BRIDGED, rest);
}

// What GRE carries of WCCP has four bytes of its own from version 2 on.
static enum tunnel_content from_wccp(struct slice *rest)
{
	if (!decode_link_is_ip(*rest))
		*rest = slice_from(*rest, 4);
	return decode_link_is_ip(*rest) ? TUNNEL_IP : TUNNEL_OTHER;
}

// RFC 2637, section 4.1: version 1 has a key, and PPP.
static enum tunnel_content from_pptp(unsigned flags, struct slice *rest)
{
	size_t size = 8 + (flags & GRE_HAS_SEQUENCE ? 4 : 0) +
	              (flags & GRE_HAS_ACKNOWLEDGMENT ? 4 : 0);

	if ((flags & GRE_HAS_KEY) == 0 || wire_be16(rest->data + 2) != GRE_PPP)
		return TUNNEL_NONE;
	*rest = slice_from(*rest, size);
	return from_ppp(rest);
}

static enum tunnel_content from_gre(struct slice *rest)
{
	size_t size = 4;
	unsigned flags, type;

	if (rest->size < 4)
		return TUNNEL_NONE;
	flags = wire_be16(rest->data);
	type = wire_be16(rest->data + 2);
	if ((flags & GRE_HAS_ROUTING) != 0 || (flags & GRE_VERSION) > 1)
		return TUNNEL_NONE;
	if ((flags & GRE_VERSION) == 1)
		return from_pptp(flags, rest);
	size += flags & GRE_HAS_CHECKSUM ? 4 : 0;
	size += flags & GRE_HAS_KEY ? 4 : 0;
	size += flags & GRE_HAS_SEQUENCE ? 4 : 0;
	*rest = slice_from(*rest, size);
	if (type == GRE_ERSPAN || type == GRE_ERSPAN_III)
		return from_erspan(rest, flags & GRE_HAS_SEQUENCE);
	if (type == GRE_WCCP)
		return from_wccp(rest);
	return decode_tunnel_typed((uint16_t)type, rest);
}

// RFC 3931, section 4.1.1: a session, and what was agreed upon it; no session is control.
static enum tunnel_content from_l2tp(struct slice *rest)
{
	if (rest->size < 4 || wire_be32(rest->data) == 0)
		return TUNNEL_NONE;
	*rest = slice_from(*rest, 4);
	return decode_tunnel_session(rest);
}

static enum tunnel_content from_ip(struct slice *rest, unsigned version)
{
	return rest->size > 0 && rest->data[0] >> 4 == version ? TUNNEL_IP : TUNNEL_NONE;
}

static enum tunnel_content from_ether_ip(struct slice *rest)
{
	if (rest->size < 2 || wire_be16(rest->data) != 0x3000) // RFC 3378, section 3
		return TUNNEL_NONE;
	*rest = slice_from(*rest, 2);
	return decode_tunnel_typed(ETHER_BRIDGED, rest);
}

bool decode_may_be_tunnel(const struct packet *packet)
{
	switch (packet->protocol) {
	case IP_IPV4:
	case IP_IPV6:
	case IP_GRE:
	case IP_ETHERNET:
	case IP_L2TP:
	case IP_MPLS:
		return true;
	case IP_UDP:
		return decode_tunnel_is_port(packet->dst_port) ||
		       decode_tunnel_is_port(packet->src_port);
	default:
		return false;
	}
}

enum tunnel_content decode_tunnel(const struct packet *packet, const struct ip_layer *layer,
                                  struct slice *ret_inner)
{
	*ret_inner = layer->rest;
	switch (packet->protocol) {
	case IP_IPV4:
		return from_ip(ret_inner, 4);
	case IP_IPV6:
		return from_ip(ret_inner, 6);
	case IP_GRE:
		return from_gre(ret_inner);
	case IP_ETHERNET:
		return from_ether_ip(ret_inner);
	case IP_L2TP:
		return from_l2tp(ret_inner);
	case IP_MPLS:
		return decode_tunnel_typed(ETHER_MPLS, ret_inner);
	case IP_UDP:
		*ret_inner = slice_of(packet->payload, packet->payload_bytes);
		return decode_tunnel_udp(packet, ret_inner);
	default:
		return TUNNEL_NONE;
	}
}
