// dataplane/decode_tunnel_udp.h — tunnels over UDP, by port: for decode*.c alone.
#pragma once

#include "dataplane/decode_tunnel.h"
#include "ebpf/tunnel_port.h"

static inline bool decode_tunnel_is_port(uint16_t port)
{
	switch (port) {
	case PORT_L2TP:
	case PORT_GTP_U:
	case PORT_TEREDO:
	case PORT_VXLAN:
	case PORT_VXLAN_GPE:
	case PORT_GENEVE:
	case PORT_VXLAN_LINUX:
		return true;
	default:
		return false;
	}
}

// HOT. Moves `rest`, the payload of a datagram, to the IP packet in it.
enum tunnel_content decode_tunnel_udp(const struct packet *packet, struct slice *rest);

// Behind an EtherType.
enum tunnel_content decode_tunnel_typed(uint16_t type, struct slice *rest);

// Behind the session of L2TPv3: nothing in it says how large its cookie is, whether there is
// another header, nor what follows. It is what looks like Ethernet, PPP or IP with IP's own
// lengths right.
enum tunnel_content decode_tunnel_session(struct slice *rest);
