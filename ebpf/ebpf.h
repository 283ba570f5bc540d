// ebpf/ebpf.h — the XDP program on an interface, and the database's drops in its maps. The folder's
// only public header.
//
// One struct xdp is the program on one interface, with its pinned maps; the thread or process that
// opened it owns it, unless said. A process forked after xdp_open() has it, too: one of the two
// fills the maps and takes the hits, the other beats, sets flows and takes the copies. Opening,
// filling and closing need CAP_BPF and CAP_NET_ADMIN; what is HOT works through mapped memory,
// without any.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "ebpf/reason.h"
#include "engine/hit.h"
#include "engine/match.h"

struct xdp_open_options {
	const char *device;
	const char *peer; // XDP_HAND_OVER inline: where packets go when user space is dead; or NULL
	const char *pin_path; // folder below a bpffs; NULL: /sys/fs/bpf/sekisho/DEVICE
	enum xdp_purpose purpose;
	bool is_fail_closed; // a stale heartbeat: drop; else pass, or redirect to the peer
	bool has_heartbeat;  // false: loaded by hand, nobody is behind it, it never becomes stale
	uint32_t stale_ms;
	bool is_dry_run;          // count and tell, drop nothing
	bool is_generic;          // do not try the driver's own XDP
	uint32_t flow_slots;      // of the flow array; a power of two, 0: 1 << 20
	uint32_t copy_ring_bytes; // 0: 16 MB
};

struct xdp;

// Attaches the program, or takes over what an earlier process left pinned on the device: its maps
// stay in force until the next xdp_mirror(). Through libxdp's dispatcher where the kernel has it,
// alone elsewhere; in native mode, in generic mode with a warning in `report` where the driver has
// none. Returns 0 and gives it to the caller, -EPERM, -EBUSY (another's program is there, or
// another process works with ours), or another error: `report` says what, and what helps.
int xdp_open(const struct xdp_open_options *options, struct report *report, struct xdp **ret_xdp);

// Once the peer has its program, too, since some drivers take redirected packets only then: where
// the peer's driver says that it cannot, the program is told to redirect nothing, and `report` what
// follows from that. Without a peer nothing happens.
void xdp_check_peer(struct xdp *xdp, struct report *report);

// Is the program still attached? Somebody may have taken it off: then it is attached again, as it
// was, and *ret_was_off is true. Needs the capabilities. Returns 0, or why it is not attached:
// -ENODEV (the interface is gone), -EBUSY (another's program is there), -ENOENT (its pins are gone,
// too: unloaded on purpose), -EOPNOTSUPP (it was in libxdp's dispatcher), or another error.
int xdp_keep_attached(struct xdp *xdp, bool *ret_was_off);

// Closes what this process holds: the program stays attached and its maps pinned, and (with a
// heartbeat) becomes stale. Accepts NULL.
void xdp_close(struct xdp *xdp);
DEFINE_AUTO(xdp, xdp_close)

// Detaches the program and removes what is pinned: the interface is as it was. Works on what
// another process left, too. Returns 0, -ENOENT when there is nothing of ours, or an error.
int xdp_unload(const char *device, const char *pin_path, struct report *report);

// Does a process live that has opened the program of that device, and not closed it?
bool xdp_is_in_use(const char *device, const char *pin_path);

struct xdp_mirror_figures {
	uint64_t hosts, networks; // in force now
	uint64_t vetoed;          // networks told to ask the veto map first
	uint64_t left_out;        // drops that XDP cannot express: user space judges them
	uint64_t added, removed;  // of a difference
	bool is_difference;       // made in place; else a whole set, swapped at one instant
	int64_t next_change_ns;   // when the validity of the next one begins or ends; TIMESTAMP_MAX
};

// Makes what the maps say what `database` says may be dropped at `now_ns` (CLOCK_REALTIME). Small
// differences to what is in force are made in place, others by filling a new set and exchanging it
// at one instant; after a crash the fill goes on where it stopped. `generation` is told with hits.
// Returns 0, or an error (reported): what was in force stays in force.
int xdp_mirror(struct xdp *xdp, const struct database *database, uint32_t generation,
               int64_t now_ns, struct report *report, struct xdp_mirror_figures *ret_figures);

// Tells the program that user space is alive. HOT, any process that has the memory mapped.
void xdp_beat(struct xdp *xdp);

// From the next packet on: does the program drop, or only count and tell? Likewise.
void xdp_set_dry_run(struct xdp *xdp, bool is_dry_run);

// What the flow array says of a flow, both directions at once. A slot may be taken by another flow
// at any time: then it says nothing, which only costs a second look.
enum xdp_flow_state {
	XDP_FLOW_UNKNOWN,
	XDP_FLOW_CONDEMNED, // dropped for 120 s from its last packet on, or until a SYN
	XDP_FLOW_DONE,      // nothing of it is wanted any more
};
struct xdp_flow_key {
	struct address low, high; // the smaller (address, port) pair first, as dataplane's flows
	uint16_t low_port, high_port;
	uint8_t protocol;
};
// HOT. `indicator_id` of this generation, for the count of what is dropped on its account;
// NO_INDICATOR: as it was, if the slot is still the flow's.
void xdp_flow_set(struct xdp *xdp, const struct xdp_flow_key *key, enum xdp_flow_state state,
                  uint32_t indicator_id);

// XDP_HAND_OVER: a flow's packets leave in the order in which they came. Of one that is done they
// go on being handed over, with numbers, until user space says that the latest of them has left.
enum { XDP_NUMBER_BYTES = 16 };

// HOT. Nothing of the flow is wanted any more. `before`: the XDP_NUMBER_BYTES before the first byte
// of one of its packets, or NULL. Returns the packet's number, or 0: it has none.
uint32_t xdp_flow_done(struct xdp *xdp, const struct xdp_flow_key *key, const uint8_t *before);

// HOT. The packet with that number has left, or is lost.
void xdp_flow_left(struct xdp *xdp, const struct xdp_flow_key *key, uint32_t number);

// XDP_HAND_OVER: the XSKMAP, and whether the interface runs native.
int xdp_sockets_fd(const struct xdp *xdp);
bool xdp_is_native(const struct xdp *xdp);

// Is it in libxdp's dispatcher? To look at it there, and to take it out, needs CAP_SYS_ADMIN (and
// CAP_PERFMON, when others stay), too.
bool xdp_is_dispatched(const struct xdp *xdp);

// XDP_FILTER: what was copied. Calls `take` for up to `count_max` frames (valid during the call);
// one thread. Returns how many. `fd` is for poll(2).
unsigned xdp_copies(struct xdp *xdp, unsigned count_max,
                    void (*take)(void *context, const uint8_t *data, uint32_t captured_bytes,
                                 uint32_t wire_bytes, int64_t time_ns, bool is_dropped),
                    void *context);
int xdp_copies_fd(const struct xdp *xdp);

// Calls `take` with what the program dropped since the last call, as hits: one a flow with its
// headers when it is first dropped, and for what the rate limit left out one an indicator with the
// packets' and bytes' counts. Needs the capabilities. Returns how many, or an error.
int xdp_hits(struct xdp *xdp, void (*take)(void *context, const struct hit *hit), void *context);

const char *xdp_reason_name(enum xdp_reason reason); // "passed", "drop-address" …

struct xdp_status {
	char device[32];
	bool is_attached; // always, but in what a sensor tells of a program that was taken off
	bool is_native;
	bool is_dispatched; // by libxdp's dispatcher, others may be beside it
	bool has_heartbeat; // user space stands behind it
	bool is_stale;
	enum xdp_purpose purpose;
	bool is_fail_closed, is_dry_run;
	uint32_t generation; // of the maps
	uint64_t hosts, networks, vetoes;
	uint64_t packets[XDP_REASON_COUNT];
	uint64_t bytes[XDP_REASON_COUNT];
	uint64_t map_bytes; // that the kernel keeps
};
// Of a program that is attached, by whomever. Returns 0, -ENOENT, or an error.
int xdp_status(const char *device, const char *pin_path, struct report *report,
               struct xdp_status *ret_status);

// Visits what is in the maps that are in force, in order: `sekisho xdp dump`.
struct xdp_entry {
	struct prefix prefix;
	uint16_t port;    // 0: any
	uint8_t protocol; // 0: any
	bool is_veto;
	uint32_t indicator_id;
	uint64_t packets, bytes; // dropped on its account
};
int xdp_dump(const char *device, const char *pin_path,
             bool (*visit)(void *context, const struct xdp_entry *entry), void *context,
             struct report *report);
