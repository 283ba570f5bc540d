// dataplane/interface.h — what the kernel says of a network interface.
//
// Asked by ioctl(2), not from /sys: a network namespace has its own interfaces, and need not have
// its own /sys.
#pragma once

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/report.h"
#include "dataplane/port.h"

enum { INTERFACE_DRIVER_BYTES = 32 };

struct interface {
	char name[IFNAMSIZ];
	unsigned index;
	uint16_t hardware_type; // ARPHRD_x (linux/if_arp.h)
	bool is_up;             // set up by the administrator
	bool has_carrier;       // and something is at the other end
	bool is_loopback;
	uint32_t mtu;
	uint32_t speed_mbps; // 0: not known
	uint32_t queues;     // that receive, in use; 0: not known
	uint32_t queues_max; // that the driver could have
	char driver[INTERFACE_DRIVER_BYTES];
};

// Returns 0, -ENODEV with the interfaces there are in `report`, or another error.
int interface_find(const char *name, struct report *report, struct interface *ret_interface);

// As interface_find(); an interface that is down is an error, too: -ENETDOWN.
int interface_find_up(const char *name, struct report *report, struct interface *ret_interface);

// Of the interface that has `index`, whatever its name is by now; down when it is gone.
void interface_link(unsigned index, struct port_link *ret_link);

// Calls `visit` for each interface, by index. Returns 0 or an error.
int interface_each(void (*visit)(void *context, const struct interface *interface), void *context);
