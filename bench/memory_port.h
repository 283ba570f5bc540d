// bench/memory_port.h — a capture's frames in memory, as a port gives them.
//
// The frames lie one behind the other as in a capture's file, in pages as large as a driver's. One
// owner, one thread.
#pragma once

#include "dataplane/port.h"

struct memory_port {
	struct port port;
	struct frame *frames;
	size_t frame_count;
	uint8_t *memory; // of the frames
	size_t total; // packets to give: the frames over and over; a multiple of a burst, or fewer
	size_t taken;
	unsigned burst;
	uint64_t dropped; // by their verdicts
};

// Reads all of the capture at `path`; `total` is as many as there are. Returns 0 (memory_port_free)
// or -1.
int memory_port_load(struct memory_port *memory, const char *path);

// Accepts one that is all zero.
void memory_port_free(struct memory_port *memory);

// As if nothing had been taken.
void memory_port_rewind(struct memory_port *memory);

// One that gives nothing, and takes what is sent: a peer.
struct memory_port memory_port_empty(void);
