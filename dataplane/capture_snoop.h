// dataplane/capture_snoop.h — reader of snoop files (RFC 1761), as Solaris writes them.
#pragma once

#include "dataplane/capture_format.h"

enum { CAPTURE_SNOOP_HEADER_BYTES = 16 };

// Reads the file's header. False when this is no snoop file of version 2, or one of another link
// than Ethernet.
bool capture_snoop_open(struct slice window);

// HOT. As capture_pcap_read().
unsigned capture_snoop_read(struct slice window, struct frame frames[PORT_BURST_MAX],
                            struct capture_step *ret_step);
