// ebpf/reason.h — what the XDP program is for, and what became of a packet. Shared by the program
// and user space, and part of ebpf/ebpf.h.
#pragma once

// What the program does with what it does not drop.
enum xdp_purpose {
	XDP_FILTER, // it goes on into the kernel; what needs a deeper look is copied to user space
	XDP_HAND_OVER, // it goes to AF_XDP sockets, all but flows that are done, which go to the
	               // peer
};

// What the program has done since it was attached. Every packet is one of the first seven; the
// others are counted besides.
enum xdp_reason {
	XDP_PASSED,
	XDP_COPIED,      // passed, and copied to user space
	XDP_HANDED_OVER, // to an AF_XDP socket
	XDP_FORWARDED,   // to the peer
	XDP_DROP_ADDRESS,
	XDP_DROP_CONDEMNED,
	XDP_DROP_STALE, // fail-closed
	XDP_WOULD_DROP, // dry run
	XDP_VETOED,     // listed, and the veto set kept it
	XDP_NOT_IP,
	XDP_MALFORMED, // passed: not ours to judge
	XDP_COPY_LOST, // the ring was full
	XDP_REASON_COUNT,
};
