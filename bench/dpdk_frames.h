// bench/dpdk_frames.h — seeded frames written into a pool's buffers, and what must be found in
// them.
//
// Buffer i holds one UDP packet between two addresses of its own, as long as a port of net_null
// says that its frames are. Every hundredth address is an entry of the database; the byte behind
// the ports says how many of the two are, by a search that shares nothing with the matcher's.
#pragma once

#include <stdint.h>

enum {
	DPDK_FRAME_BYTES = 60,
	DPDK_FRAME_MARK = 42, // the byte with the number of entries that it meets
};

// Fills every buffer of the pool of DPDK's device 0, which must have `frame_count` of them; then
// they go round, none is used again before all others. 0: any number, and those last freed are used
// again. The entries are the values 0 … entry_count - 1 of bench/lookup_values.h. *ret_listed is
// how many listed addresses were written. Returns 0, -ENOENT, -EINVAL or -ENOMEM.
int dpdk_frames_write(uint64_t frame_count, uint64_t entry_count, uint64_t *ret_listed);
