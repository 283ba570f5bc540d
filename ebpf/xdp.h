// ebpf/xdp.h — the folder's own view of struct xdp, and what its files do for each other.
#pragma once

#include <net/if.h>
#include <stdatomic.h>
#include <stddef.h>

#include "base/report.h"
#include "ebpf/ebpf.h"
#include "ebpf/filter_bits.h"
#include "ebpf/maps.h"

enum {
	XDP_PATH_BYTES = 256,
	XDP_PIN_NAME_BYTES = 32, // of what is pinned in a folder, with the slash
};

struct xdp_mirror_state; // xdp_mirror.c: what it remembers of the sets
struct xdp_hits_state;   // xdp_hits.c: what was told already
struct xdp_copies_state; // xdp_copies.c

// Descriptors of the maps, by enum xdp_map, and the pinned ones mapped. -1 and NULL: not open.
struct xdp_maps {
	char folder[XDP_PATH_BYTES]; // of the pins; "": not pinned
	int fds[XDP_MAP_COUNT];
	struct xdp_config *config;
	struct xdp_flow_line *flows;
	size_t flows_bytes;
	uint32_t flow_mask; // lines - 1
};

struct xdp {
	char device[IFNAMSIZ];
	unsigned peer_index; // 0: there is none
	int device_index;    // 0: on no device
	int program_fd;
	int lock_fd;
	bool is_native;
	bool is_dispatched;
	struct xdp_maps maps;
	struct xdp_copies_state *copies;
	struct xdp_mirror_state *mirror; // made when first needed
	struct xdp_hits_state *hits;     // likewise
};

// xdp_maps.c

// "config", "flows" …: a map's name in the object, and of its pin.
const char *xdp_map_name(enum xdp_map map);

// The pin folder of a device: `pin_path`, or /sys/fs/bpf/sekisho/DEVICE.
int xdp_pin_folder(const char *device, const char *pin_path, char ret_path[XDP_PATH_BYTES]);

int xdp_pin_path(const char *folder, const char *name, char ret_path[XDP_PATH_BYTES]);

// Opens what is pinned in `folder` and maps the memory. Returns 0 (xdp_maps_close), -ENOENT when
// nothing of ours is there, -EPROTO when it is of another layout, or an error.
int xdp_maps_open(const char *folder, struct xdp_maps *ret_maps);
void xdp_maps_close(struct xdp_maps *maps);

// Likewise of a device, for who only reads; another version's are told in `report`. Sets
// ret_folder.
int xdp_maps_open_of(const char *device, const char *pin_path, struct report *report,
                     char ret_folder[XDP_PATH_BYTES], struct xdp_maps *ret_maps);
void xdp_maps_clear(struct xdp_maps *maps); // to nothing open

// Maps the memory of maps whose descriptors are open. Returns 0 or an error.
int xdp_maps_map(struct xdp_maps *maps);

// The whole of an array made with BPF_F_MMAPABLE (a set's filter, its slots), shared with the
// program; `size_bytes` as it was made. Returns NULL when it cannot be mapped.
void *xdp_map_memory(int fd, size_t size_bytes);
void xdp_map_release(void *memory, size_t size_bytes);

// Makes an inner map of `outer` that holds `entries`. It is all zero and not in any set yet.
// Returns its descriptor, or an error.
int xdp_inner_create(enum xdp_map outer, uint32_t entries);

// Puts an inner map into set `set`, and pins it beside the others (to find an inner map by its id
// would need CAP_SYS_ADMIN). The system call returns when no program uses what was there.
int xdp_inner_insert(const struct xdp_maps *maps, enum xdp_map outer, uint32_t set, int inner_fd);

// The descriptor of what is in a set now, to be closed; -ENOENT: nothing.
int xdp_inner_open(const struct xdp_maps *maps, enum xdp_map outer, uint32_t set);

// The ticks and the clock that the program sees.
uint64_t xdp_clock_ns(void); // CLOCK_MONOTONIC_COARSE

// What CLOCK_REALTIME is ahead of CLOCK_MONOTONIC.
int64_t xdp_clock_offset_ns(void);

// xdp_load.c

struct bpf_object;

// Loads the program with its maps (those pinned in `folder`, where they fit; new ones else, pinned
// there) and sets what `options` says, but attaches nothing: for xdp_open(), tests and benchmarks.
// `folder` "": nothing is pinned. Returns 0 (xdp_close) or an error (reported).
int xdp_load(const struct xdp_open_options *options, const char *folder, struct report *report,
             struct xdp **ret_xdp);

// Opens the object again, not loaded, to use the same maps: for libxdp, which loads it as a part of
// its dispatcher. NULL: error.
struct bpf_object *xdp_load_again(const struct xdp *xdp);

// xdp_lock.c

// One process at a time, with what it forked, writes the maps that are pinned in a folder: flock(2)
// of the folder itself, until the descriptor is closed in all of them. Waits two seconds: of a
// killed sensor the helper process ends a little later. Returns the descriptor, -EBUSY, or another
// error.
int xdp_lock(const char *folder);

// xdp_attach.c

// Attaches xdp->program_fd, or what libxdp makes of it, which then takes its place. Returns 0, or
// an error (reported).
int xdp_attach(struct xdp *xdp, const struct xdp_open_options *options, struct report *report);

// Puts the program in the place of `old_fd`, ours, which is attached. Returns likewise.
int xdp_attach_instead(struct xdp *xdp, int old_fd, struct report *report);

// How a program of ours is attached.
struct xdp_attachment {
	bool is_native;
	bool is_dispatched;
};

// Is it attached to the device? Returns 0, -ENOENT, or an error.
int xdp_attach_find(int device_index, int program_fd, struct xdp_attachment *ret_attachment);
int xdp_detach(int device_index, int program_fd);

// Is a program of sekisho attached to the device, whosever? By its name: of what has no pins.
bool xdp_attach_is_there(int device_index);

// xdp_copies.c

int xdp_copies_open(struct xdp *xdp);
void xdp_copies_close(struct xdp *xdp); // accepts that it is not open

// xdp_mirror.c and xdp_hits.c: free what they remember; accept NULL.
void xdp_mirror_forget(struct xdp_mirror_state *state);
void xdp_hits_forget(struct xdp_hits_state *state);
