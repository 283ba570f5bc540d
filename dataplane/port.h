// dataplane/port.h — where packets come from.
//
// A port gives packets in bursts. What a backend must answer is struct port_ops; port_open()
// finds the one that can read a capture. One owner, one thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"

enum { PORT_BURST_MAX = 64 };

// Link types as pcap files number them (www.tcpdump.org/linktypes.html).
enum link_type {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_RAW_BSD = 12,
	LINK_RAW_OPENBSD = 14,
	LINK_RAW = 101,
	LINK_LOOP = 108,
	LINK_LINUX_SLL = 113,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_LINUX_SLL2 = 276,
};

// One packet as it was captured.
struct frame {
	const uint8_t *data;
	uint32_t captured_bytes;
	uint32_t wire_bytes; // >= captured_bytes
	int64_t time_ns;
	enum link_type link; // or a number that the enum does not have
};

struct port_counters {
	uint64_t file_bytes; // read of the file so far
	bool is_cut_short;   // damaged: what was read before it counts
};

struct port;
struct byte_source;

struct port_ops {
	const char *name;

	// Takes `source` over when it succeeds. `report` is borrowed until close: a capture that is
	// damaged somewhere is said there. Returns 0, or -EINVAL when it is not a capture this
	// backend can read, with the reason in `report` if is_last; or another error.
	int (*open)(struct byte_source *source, struct report *report, struct port **ret_port);

	// HOT. At most PORT_BURST_MAX packets, valid until release; 0 at the end.
	unsigned (*receive)(struct port *port, struct frame frames[PORT_BURST_MAX]);

	// HOT. The packets of the last burst are no longer needed.
	void (*release)(struct port *port);

	void (*counters)(const struct port *port, struct port_counters *ret_counters);
	void (*close)(struct port *port);
};

extern const struct port_ops port_file; // our own reader of pcap and pcapng
extern const struct port_ops port_pcap; // libpcap, for the formats that only it knows

// What every port begins with.
struct port {
	const struct port_ops *ops;
};

// Opens the capture at `path` ("-": standard input) with the first port that can read it.
// Returns 0 and gives it to the caller (port_close), the file's error, or -EINVAL when it is no
// capture: `report` says why.
int port_open(const char *path, struct report *report, struct port **ret_port);

// Accepts NULL.
void port_close(struct port *port);
DEFINE_AUTO(port, port_close)
