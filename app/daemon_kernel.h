// app/daemon_kernel.h — what the publishing thread does with the XDP programs, by the helper.
//
// All of it does nothing where there is no helper. One thread.
#pragma once

#include "app/daemon_helper.h"
#include "base/ring.h"

struct daemon_kernel {
	struct daemon_helper *helper; // NULL: no XDP program
	bool mirrors;                 // false: a tap, whose maps stay empty
	const uint32_t *devices;      // its devices as origin.capture_id has them
	unsigned device_count;
	struct ring *ring; // for what the kernel dropped
	// What follows begins as 0.
	uint64_t hits_lost;                          // the ring was full
	bool was_told_of_end;                        // of the helper
	int guard_errors[DAEMON_HELPER_DEVICES_MAX]; // that were told
};

// Puts what the programs dropped since the last call into the ring.
void daemon_kernel_take_hits(struct daemon_kernel *kernel);

// Looks whether each program is still attached, and has it attached again, which is logged. What
// each did so far goes into ret_statuses[device_count], which holds what was so the last time; one
// that does not answer is left as it is. Returns how many did.
unsigned daemon_kernel_status(struct daemon_kernel *kernel, struct xdp_status ret_statuses[]);

// Validities begin and end by themselves: the database that the maps say is looked at again. Errors
// are logged. Returns when it will have to be the next time.
int64_t daemon_kernel_mirror_again(struct daemon_kernel *kernel, uint32_t generation);
