// dataplane/capture_pcap.h — reader of pcap files (draft-ietf-opsawg-pcap).
//
// All four magics: microseconds and nanoseconds, of either byte order.
#pragma once

#include "dataplane/capture_format.h"

struct capture_pcap {
	bool is_big_endian;
	uint32_t ns_per_unit; // of the time stamps' fractions
	enum link_type link;
};

enum { CAPTURE_PCAP_HEADER_BYTES = 24 };

// Reads the file's header. False when this is no pcap file (or is shorter than the header).
bool capture_pcap_open(struct capture_pcap *pcap, struct slice window);

// HOT. The records at the beginning of `window`: at most PORT_BURST_MAX frames. Returns how
// many, and how far it came.
unsigned capture_pcap_read(const struct capture_pcap *pcap, struct slice window,
                           struct frame frames[PORT_BURST_MAX], struct capture_step *ret_step);
