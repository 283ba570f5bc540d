#include "dataplane/decode_link.h"

#include "dataplane/decode_wifi.h"
#include "dataplane/wire.h"

enum {
	// Tags and frames within frames before IP has to come: eight VLAN tags, and IP.
	HEADERS_MAX = 9,
	LABELS_MAX = 16, // of MPLS, one behind the other
	ETHER_HEADER_BYTES = 14,
	ETHER_TYPE_MIN = 1536, // smaller numbers are lengths (IEEE 802.3, 3.2.6)
	NFLOG_PAYLOAD = 9,
};

bool decode_link_is_ip(struct slice bytes)
{
	return bytes.size > 0 && (bytes.data[0] >> 4 == 4 || bytes.data[0] >> 4 == 6);
}

bool decode_link_snap(struct slice *rest, uint16_t *ret_type)
{
	if (rest->size < 8 || rest->data[0] != 0xaa || rest->data[1] != 0xaa ||
	    rest->data[2] != 0x03)
		return false;
	*ret_type = wire_be16(rest->data + 6);
	*rest = slice_from(*rest, 8);
	return true;
}

// Might an Ethernet frame with IP in it begin here?
static bool is_ethernet(struct slice bytes)
{
	uint16_t type;

	if (bytes.size < ETHER_HEADER_BYTES)
		return false;
	type = wire_be16(bytes.data + 12);
	return type == ETHER_IPV4 || type == ETHER_IPV6 || type == ETHER_VLAN ||
	       type == ETHER_SERVICE_VLAN;
}

// RFC 3032, section 2.1. Behind the labels nothing says what follows: IP by its version, else an
// Ethernet frame, with (RFC 4448, section 4.6: its first nibble is 0) or without a control word.
static bool skip_labels(struct slice *rest, uint16_t *ret_type)
{
	bool is_last = false;

	for (unsigned i = 0; i < LABELS_MAX && !is_last; i++) {
		if (rest->size < 4)
			return false;
		is_last = rest->data[2] & 1;
		*rest = slice_from(*rest, 4);
	}
	*ret_type = decode_link_is_ip(*rest) ? ETHER_IPV4 : ETHER_BRIDGED;
	if (*ret_type == ETHER_BRIDGED && rest->size >= 4 && rest->data[0] >> 4 == 0 &&
	    is_ethernet(slice_from(*rest, 4)))
		*rest = slice_from(*rest, 4);
	return is_last;
}

// The EtherType that says the same as the number of a PPP frame's protocol.
static bool skip_ppp(struct slice *rest, uint16_t *ret_type)
{
	uint16_t protocol;

	if (rest->size >= 2 && rest->data[0] == 0xff && rest->data[1] == 0x03)
		*rest = slice_from(*rest, 2);
	if (rest->size < 2)
		return false;
	// An odd first byte is all of the protocol's number (RFC 1661, section 6.5).
	protocol = rest->data[0] & 1 ? rest->data[0] : wire_be16(rest->data);
	*rest = slice_from(*rest, rest->data[0] & 1 ? 1 : 2);
	*ret_type = protocol == 0x0057 ? ETHER_IPV6 : protocol == 0x0281 ? ETHER_MPLS : ETHER_IPV4;
	return protocol == 0x0021 || *ret_type != ETHER_IPV4;
}

// RFC 2516, section 4: version and type 1, code 0 of session data.
static bool skip_pppoe(struct slice *rest, uint16_t *ret_type)
{
	if (rest->size < 6 || rest->data[0] != 0x11 || rest->data[1] != 0)
		return false;
	*rest = slice_from(*rest, 6);
	return skip_ppp(rest, ret_type);
}

// Passes over one header that is no IP. False when there is none that is known.
static bool skip_typed(uint16_t *type, struct slice *rest)
{
	switch (*type) {
	case ETHER_VLAN:
	case ETHER_SERVICE_VLAN:
	case ETHER_OLD_SERVICE_VLAN:
		if (rest->size < 4)
			return false;
		*type = wire_be16(rest->data + 2);
		*rest = slice_from(*rest, 4);
		return true;
	case ETHER_BRIDGED:
		if (rest->size < ETHER_HEADER_BYTES)
			return false;
		*type = wire_be16(rest->data + 12);
		*rest = slice_from(*rest, ETHER_HEADER_BYTES);
		return true;
	case ETHER_MPLS:
	case ETHER_MPLS_MULTICAST:
		return skip_labels(rest, type);
	case ETHER_PPPOE_SESSION:
		return skip_pppoe(rest, type);
	default:
		return *type < ETHER_TYPE_MIN && decode_link_snap(rest, type);
	}
}

enum link_content decode_link_typed(uint16_t type, struct slice *rest)
{
	bool is_shimmed = false;

	for (unsigned i = 0; i < HEADERS_MAX; i++) {
		if (type == ETHER_IPV4 || type == ETHER_IPV6)
			return is_shimmed ? CONTENT_SHIMMED_IP : CONTENT_IP;
		is_shimmed = is_shimmed || (type != ETHER_VLAN && type != ETHER_SERVICE_VLAN &&
		                            type != ETHER_OLD_SERVICE_VLAN);
		if (!skip_typed(&type, rest))
			return CONTENT_OTHER;
	}
	return CONTENT_OTHER;
}

enum link_content decode_link_ppp(struct slice *rest)
{
	uint16_t type;

	if (!skip_ppp(rest, &type))
		return CONTENT_OTHER;
	return decode_link_typed(type, rest) == CONTENT_OTHER ? CONTENT_OTHER : CONTENT_SHIMMED_IP;
}

// A header of `size` bytes with an EtherType at `type_offset`.
static enum link_content from_typed_header(struct slice *rest, size_t size, size_t type_offset)
{
	uint16_t type;

	if (rest->size < size)
		return CONTENT_OTHER;
	type = wire_be16(rest->data + type_offset);
	*rest = slice_from(*rest, size);
	return decode_link_typed(type, rest);
}

// BSD loopback: an address family in the order of the machine that captured (null) or in
// network order (loop). AF_INET6 differs among the systems: NetBSD 24, FreeBSD 28, Darwin 30,
// Linux 10. Some systems write an EtherType into the last two bytes instead, as Wireshark knows.
static enum link_content from_family(struct slice *rest)
{
	uint32_t family;

	if (rest->size < 4)
		return CONTENT_OTHER;
	family = wire_le32(rest->data);
	if (family > 0xffff)
		family = wire_be32(rest->data);
	if (family > 0xffff)
		return from_typed_header(rest, 4, 2);
	*rest = slice_from(*rest, 4);
	return family == 2 || family == 10 || family == 24 || family == 28 || family == 30
	               ? CONTENT_IP
	               : CONTENT_OTHER;
}

// Cisco HDLC (0x0f unicast, 0x8f broadcast; an EtherType behind both bytes), else PPP.
static enum link_content from_hdlc(struct slice *rest)
{
	if (rest->size >= 4 && (rest->data[0] == 0x0f || rest->data[0] == 0x8f))
		return from_typed_header(rest, 4, 2);
	return decode_link_ppp(rest);
}

// Linux' netfilter log: attributes as netlink has them, in the order of the machine that captured,
// which is taken to be the usual one (linux/netfilter/nfnetlink_log.h).
static enum link_content from_nflog(struct slice *rest)
{
	struct slice left = slice_from(*rest, 4);

	while (left.size >= 4) {
		size_t size = wire_le16(left.data);

		if (size < 4 || size > left.size)
			return CONTENT_OTHER;
		if ((wire_le16(left.data + 2) & 0x7fff) == NFLOG_PAYLOAD) {
			*rest = slice_from(slice_first(left, size), 4);
			return decode_link_is_ip(*rest) ? CONTENT_SHIMMED_IP : CONTENT_OTHER;
		}
		left = slice_from(left, (size + 3) & ~(size_t)3);
	}
	return CONTENT_OTHER;
}

enum link_content decode_link(enum link_type link, struct slice *rest)
{
	switch (link) {
	case LINK_ETHERNET:
		return from_typed_header(rest, ETHER_HEADER_BYTES, 12);
	case LINK_LINUX_SLL:
		return from_typed_header(rest, 16, 14);
	case LINK_LINUX_SLL2:
		return from_typed_header(rest, 20, 0);
	case LINK_NULL:
	case LINK_LOOP:
		return from_family(rest);
	case LINK_PPP:
	case LINK_PPP_SERIAL:
	case LINK_CISCO_HDLC:
		return from_hdlc(rest);
	case LINK_PPP_ETHERNET:
		return decode_link_typed(ETHER_PPPOE_SESSION, rest);
	case LINK_WIFI:
		return decode_wifi(rest, false);
	case LINK_WIFI_RADIOTAP:
		return decode_wifi_radiotap(rest);
	case LINK_NFLOG:
		return from_nflog(rest);
	case LINK_RAW_BSD:
	case LINK_RAW_OPENBSD:
	case LINK_RAW:
	case LINK_IPV4:
	case LINK_IPV6:
		return CONTENT_IP;
	}
	return CONTENT_UNKNOWN_LINK;
}
