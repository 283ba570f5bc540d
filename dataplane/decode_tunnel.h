// dataplane/decode_tunnel.h — what is in a packet that may be a tunnel's: for decode*.c alone.
//
// GRE (RFC 2784, 2890; PPTP's, RFC 2637) with IP, MPLS, Ethernet (NVGRE, RFC 7637), ERSPAN I to
// III; IP in IP (RFC 2003, 4213, 2473); EtherIP (RFC 3378); MPLS in IP (RFC 4023); L2TPv2
// (RFC 2661) and v3 (RFC 3931); VXLAN (RFC 7348) and VXLAN-GPE; Geneve (RFC 8926); GTP-U
// (3GPP TS 29.281); Teredo (RFC 4380). Over UDP by the port, and only with a header that has no
// bit wrong: what has not is no tunnel, and what it may be else.
#pragma once

#include "dataplane/decode_parts.h"

enum tunnel_content {
	TUNNEL_NONE,  // it is no tunnel
	TUNNEL_OTHER, // one, with something that is not IP
	TUNNEL_IP,
};

// HOT. `packet` and its `layer` are of a packet that may be a tunnel's. With TUNNEL_IP,
// *ret_inner is the IP packet in it, as far as captured.
enum tunnel_content decode_tunnel(const struct packet *packet, const struct ip_layer *layer,
                                  struct slice *ret_inner);
