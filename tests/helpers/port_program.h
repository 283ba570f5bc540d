// The XDP program below the ports of a test, on one device or two.
#pragma once

#include <stdbool.h>

struct xdp;

struct port_program {
	const char *purpose; // "hand-over", "copies"; NULL: none
	bool is_generic;
	// Set by open:
	struct xdp *xdps[2];
	const char *devices[2];
};

// `peer` may be NULL. It needs no beat for ten minutes. What fails is said on standard error.
int port_program_open(struct port_program *program, const char *device, const char *peer);

// The interfaces are as they were.
void port_program_close(struct port_program *program);
