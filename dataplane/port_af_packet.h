// dataplane/port_af_packet.h — how a packet socket gets its share of an interface's packets.
//
// Part of port_af_packet.c, apart from its ring.
#pragma once

#include "dataplane/interface.h"
#include "dataplane/port.h"

// What stands at the beginning of the frames. Returns 0, or -EPROTONOSUPPORT (reported).
int port_af_packet_link_type(const struct interface *interface, struct report *report,
                             enum link_type *ret_link);

// Binds the socket, whose ring is there, to the interface and, when there are several queues,
// joins the group that shares its packets. Returns 0 or an error (reported).
int port_af_packet_bind(int fd, const struct port_device *device,
                        const struct interface *interface);
