// dataplane/decode_link.h — from a link header to the IP header behind it: for decode*.c alone.
//
// Link types, VLAN tags, and what may stand between them and IP: MPLS labels, PPPoE, PPP, LLC.
// Headers are passed over, nothing of them is kept.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "dataplane/port.h"

enum ether_type {
	ETHER_IPV4 = 0x0800,
	ETHER_VLAN = 0x8100,
	ETHER_IPV6 = 0x86dd,
	ETHER_MPLS = 0x8847,
	ETHER_MPLS_MULTICAST = 0x8848,
	ETHER_PPPOE_SESSION = 0x8864,
	ETHER_SERVICE_VLAN = 0x88a8,
	ETHER_OLD_SERVICE_VLAN = 0x9100,
	ETHER_BRIDGED = 0x6558, // an Ethernet frame (RFC 7676 and others that carry one)
};

// What a link header says of what follows it.
enum link_content {
	CONTENT_IP,
	CONTENT_SHIMMED_IP, // behind more than VLAN tags: nothing that can be answered in kind
	CONTENT_OTHER,
	CONTENT_UNKNOWN_LINK,
};

// HOT. Each moves `rest` to the IP header, unless it returns that there is none.
enum link_content decode_link(enum link_type link, struct slice *rest);

// Behind an EtherType.
enum link_content decode_link_typed(uint16_t type, struct slice *rest);

// A PPP frame (RFC 1661, section 2), with or without address and control (RFC 1662).
enum link_content decode_link_ppp(struct slice *rest);

// Does it begin as an IP packet does?
bool decode_link_is_ip(struct slice bytes);

// 802.2 LLC with SNAP: eight bytes with an EtherType (RFC 1042). False: it is something else.
bool decode_link_snap(struct slice *rest, uint16_t *ret_type);
