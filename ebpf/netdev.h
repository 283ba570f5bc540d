// ebpf/netdev.h — which XDP an interface's driver has, as the kernel tells since 6.3
// (generic netlink's family "netdev": kernel, Documentation/netlink/specs/netdev.yaml).
#pragma once

#include <stdint.h>

// The kernel's numbers: enum netdev_xdp_act.
enum netdev_xdp {
	NETDEV_XDP_BASIC = 1 << 0,     // native: pass, drop, send back
	NETDEV_XDP_REDIRECT = 1 << 1,  // to other interfaces and AF_XDP sockets
	NETDEV_XDP_TARGET = 1 << 2,    // takes what others redirect to it
	NETDEV_XDP_ZERO_COPY = 1 << 3, // of AF_XDP
	NETDEV_XDP_FRAGMENTS = 1 << 5, // frames larger than a page
};

// Returns 0, -ENOENT when the kernel has no such family (before 6.3), or another error.
int netdev_xdp_features(unsigned interface_index, uint64_t *ret_features);
