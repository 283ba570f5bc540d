// dataplane/port.h — where packets come from, and, inline, where they go to.
//
// A port gives packets in bursts and takes each burst back with a verdict on every packet. What a
// backend must answer is struct port_ops. A capture is opened by port_open(), which finds the
// backend that can read it; one queue of a device by port_open_device(). Two ports of one backend
// that are connected are a bump in the wire: what passes one leaves by the other. One owner, one
// thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "base/slice.h"

enum { PORT_BURST_MAX = 64 };

// Link types as pcap files number them (www.tcpdump.org/linktypes.html).
enum link_type {
	LINK_NULL = 0,
	LINK_ETHERNET = 1,
	LINK_PPP = 9,
	LINK_RAW_BSD = 12,
	LINK_RAW_OPENBSD = 14,
	LINK_PPP_SERIAL = 50,
	LINK_PPP_ETHERNET = 51, // from the PPPoE header on
	LINK_RAW = 101,
	LINK_CISCO_HDLC = 104,
	LINK_WIFI = 105, // IEEE 802.11
	LINK_LOOP = 108,
	LINK_LINUX_SLL = 113,
	LINK_WIFI_RADIOTAP = 127,
	LINK_IPV4 = 228,
	LINK_IPV6 = 229,
	LINK_NFLOG = 239,
	LINK_LINUX_SLL2 = 276,
};

// One packet as it was captured.
struct frame {
	const uint8_t *data;
	uint32_t captured_bytes;
	uint32_t wire_bytes; // >= captured_bytes
	int64_t time_ns;
	enum link_type link;   // or a number that the enum does not have
	const uint8_t *before; // afxdp: what the XDP program may have written there, or NULL
	uint64_t number;       // of a share: 1-based within the capture; 0: they are counted
};

// What happens to a packet.
enum verdict { VERDICT_PASS, VERDICT_DROP };

struct port_counters {
	uint64_t file_bytes; // read of the file so far
	bool is_cut_short;   // damaged: what was read before it counts
	// Of devices, since they were opened:
	uint64_t received;
	uint64_t missed;  // by the kernel or the NIC, because no room was left for them
	uint64_t sent;    // forwarded and own, by this port
	uint64_t unsent;  // meant to leave by this port, and lost: its queue was full
	uint64_t refused; // larger than this port takes
};

struct port_link {
	bool is_up;
	uint32_t speed_mbps; // 0: not known
	uint32_t mtu;
};

// One queue of a device, opened by the worker that will use it or before it starts.
struct port_device {
	const char *name; // interface, PCI address, --vdev name; replay: a capture's path
	unsigned queue;   // of queue_count
	unsigned queue_count;
	bool is_promiscuous;
	uint32_t frame_bytes_max; // 0: the device's MTU and what stands before it
	size_t buffer_bytes;      // of packets on their way, this queue; 0: the backend's default
	uint64_t packets_per_s;   // replay: 0 is as fast as they are taken
	struct xdp *xdp;          // afxdp: the program that hands packets over (ebpf/ebpf.h)
	bool must_copy;           // afxdp: not zero-copy, even where the driver has it
	struct report *report;    // borrowed until close: what the user should know
};

struct port;
struct byte_source;

struct port_ops {
	const char *name; // as the configuration spells it

	// Opens a queue of a device; NULL when this backend has no devices. Returns 0, or an error
	// with the reason, in words an operator can act upon, in device->report.
	int (*open_device)(const struct port_device *device, struct port **ret_port);

	// Lets what passes `port` leave by `peer`, of the same backend, and the reverse; both are
	// owned by one thread. NULL: this backend only listens. Returns 0 or an error (reported).
	int (*connect)(struct port *port, struct port *peer);

	// Opens a capture; NULL when this backend reads none. Takes `source` over when it succeeds.
	// `report` is borrowed until close: a capture that is damaged somewhere is said there.
	// Returns 0, or -EINVAL when it is not a capture this backend can read, with the reason in
	// `report` if is_last; or another error.
	int (*open_capture)(struct byte_source *source, struct report *report,
	                    struct port **ret_port);

	// HOT. At most PORT_BURST_MAX packets, valid until release; 0 at a capture's end, or when a
	// device has none now.
	unsigned (*receive)(struct port *port, struct frame frames[PORT_BURST_MAX]);

	// HOT. The packets of the last burst are no longer needed. Of a connected port, those with
	// VERDICT_PASS leave by its peer as they came, bit for bit; `verdicts` has one a packet, or
	// is NULL when all pass.
	void (*release)(struct port *port, const enum verdict verdicts[]);

	// HOT. Sends a frame of our own by this port (a TCP reset, a DNS answer); copied. False
	// when there is no room. NULL: this backend only listens.
	bool (*send)(struct port *port, struct slice frame);

	// HOT. How much was forwarded by this port, or was to be, and how much of that has left, by
	// a measure of its own. NULL: nobody has to know.
	uint64_t (*departures)(struct port *port, uint64_t *ret_departed);

	// A descriptor that poll(2) finds readable when there is something to receive, or -1: there
	// is none, ask again. NULL for captures, which are always ready.
	int (*wait_fd)(const struct port *port);

	// NULL for captures.
	void (*link)(const struct port *port, struct port_link *ret_link);

	// True when nothing will come any more: a capture's end, a device that is gone for good.
	bool (*is_ended)(const struct port *port);

	void (*counters)(const struct port *port, struct port_counters *ret_counters);
	void (*close)(struct port *port);
};

extern const struct port_ops port_file; // our own reader of pcap, pcapng and snoop
extern const struct port_ops port_pcap; // libpcap, for the formats that only it knows

// Devices:
extern const struct port_ops port_af_packet; // AF_PACKET, TPACKET_V3 rings, fanout: listens
extern const struct port_ops port_pcap_live; // libpcap: listens
extern const struct port_ops port_afxdp;     // AF_XDP sockets
extern const struct port_ops port_dpdk;      // any DPDK ethdev
extern const struct port_ops port_replay;    // a capture at a set rate, as if it were a device
extern const struct port_ops port_xdp_copy;  // what the XDP program copied of what it passed

// What every port begins with.
struct port {
	const struct port_ops *ops;
};

// Opens the capture at `path` ("-": standard input) with the first port that can read it.
// Returns 0 and gives it to the caller (port_close), the file's error, or -EINVAL when it is no
// capture: `report` says why.
int port_open(const char *path, struct report *report, struct port **ret_port);

// The same with its bytes, which are taken over, also when it fails.
int port_open_source(struct byte_source *source, struct report *report, struct port **ret_port);

// Opens a queue of a device with the backend of that name. Returns 0 and gives it to the caller
// (port_close), -ENOTSUP when there is no such backend in this build, or the backend's error:
// device->report says why.
int port_open_device(const char *backend, const struct port_device *device, struct port **ret_port);

// Is there a backend of that name that opens devices, and is what it needs part of this build?
bool port_is_built(const char *backend);

// Accepts NULL.
void port_close(struct port *port);
DEFINE_AUTO(port, port_close)
