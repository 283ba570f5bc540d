// dataplane/ports_interface.h — an interface in plain words.
#pragma once

#include "base/buffer.h"
#include "dataplane/interface.h"
#include "dataplane/ports_machine.h"

// How XDP programs would run on an interface.
enum interface_xdp {
	INTERFACE_XDP_GENERIC, // by the kernel, behind the driver: slower
	INTERFACE_XDP_NATIVE,
	INTERFACE_XDP_ZERO_COPY, // native, and AF_XDP without copying
};

// As the kernel tells; before 6.3 by what is known of the driver.
enum interface_xdp ports_interface_xdp(const struct interface *interface,
                                       const struct ports_machine *machine);

// Appends "up, 10000 Mb/s, MTU 1500, 4 queues, ice, native XDP with AF_XDP zero-copy".
void ports_interface_words(const struct interface *interface, enum interface_xdp xdp,
                           struct buffer *words);
