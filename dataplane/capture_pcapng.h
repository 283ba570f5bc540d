// dataplane/capture_pcapng.h — reader of pcapng files (draft-ietf-opsawg-pcapng).
//
// Sections of either byte order, any number of interfaces with their link types and clocks,
// enhanced, simple and obsolete packet blocks; other blocks are passed over.
#pragma once

#include "dataplane/capture_format.h"

struct capture_interface {
	enum link_type link;
	uint32_t snap_bytes;    // 0: no limit
	uint64_t units_per_s;   // of its clock
	int64_t clock_offset_s; // if_tsoffset
};

enum { CAPTURE_INTERFACES_MAX = 1024 }; // of a section; packets of further ones are damage

struct capture_pcapng {
	bool is_big_endian;
	bool has_section;
	int64_t last_time_ns;
	unsigned interface_count;
	struct capture_interface interfaces[CAPTURE_INTERFACES_MAX];
};

// False when this is no pcapng file. The section header itself is left to be read.
bool capture_pcapng_open(struct capture_pcapng *pcapng, struct slice window);

// HOT. As capture_pcap_read().
unsigned capture_pcapng_read(struct capture_pcapng *pcapng, struct slice window,
                             struct frame frames[PORT_BURST_MAX], struct capture_step *ret_step);
