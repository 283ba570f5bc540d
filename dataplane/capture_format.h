// dataplane/capture_format.h — what the readers of capture files have in common.
//
// A reader turns a window of bytes into frames. It reads no file and keeps no bytes, so that it
// is the same for a file, a pipe, a test and a fuzzer.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "dataplane/port.h"

enum {
	// Larger packets are taken for damage (libpcap's MAXIMUM_SNAPLEN is 262,144; USB
	// captures know larger ones, which are of no use here).
	CAPTURE_PACKET_BYTES_MAX = 512 * 1024,
};

// How a reader got on with a window.
struct capture_step {
	size_t used_bytes;   // of the window: the frames given lie in them
	size_t needed_bytes; // behind used_bytes, for the next record; more than the window has
	uint64_t pass_bytes; // behind used_bytes: of no use, pass over them
	const char *damage;  // static text: what is wrong behind used_bytes, or NULL
};
