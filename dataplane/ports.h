// dataplane/ports.h — what this machine offers to listen on, and what it lacks. Public, beside
// dataplane.h.
#pragma once

#include <stdbool.h>

// What an offer is about, in the order in which they are told.
enum offer_about {
	OFFER_INTERFACE, // of the kernel
	OFFER_CARD,      // a network card on the PCI bus, for DPDK
	OFFER_BACKEND,   // of ports
	OFFER_RIGHT,     // of this process
	OFFER_KERNEL,    // and memory
	OFFER_ABOUT_COUNT,
};
const char *offer_about_name(enum offer_about about); // "interface", "card" …

struct port_offer {
	enum offer_about about;
	const char *name;  // "eth0", "0000:3b:00.1", "af-packet", "CAP_NET_RAW", "bpffs"
	bool is_usable;    // as it is now
	bool can_forward;  // interfaces, cards and backends: also inline, between two of them
	const char *words; // "up, 10000 Mb/s, MTU 1500, 4 queues, ice, native XDP …"
	const char *help;  // a command or what else would help; "": nothing is missing
};

// Visits all offers; what they point to is borrowed for the call. What cannot be found out is said
// so in words. Returns 0, or an error when the interfaces cannot be read.
int ports_list(void (*visit)(void *context, const struct port_offer *offer), void *context);
