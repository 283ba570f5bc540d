#include "tests/helpers/port_program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ebpf/ebpf.h"

enum { PATH_BYTES = 128, FLOW_SLOTS = 4096, STALE_MS = 10 * 60 * 1000 };

static void complain(void *context, const struct report *report, const struct problem *problem)
{
	(void)context;
	(void)report;
	(void)fprintf(stderr, "%s: %.*s: %.*s\n", problem->reason, SLICE_FORMAT(problem->object),
	              SLICE_FORMAT(problem->detail));
}

// Pins of one process.
static void pin_path(const char *device, char ret_path[PATH_BYTES])
{
	(void)snprintf(ret_path, PATH_BYTES, "/sys/fs/bpf/sekisho-test-%ld/%s", (long)getpid(),
	               device);
}

static int open_one(struct port_program *program, unsigned side, const char *device)
{
	struct report report = {.each = complain};
	char path[PATH_BYTES];
	struct xdp_open_options options = {
		.device = device,
		.pin_path = path,
		.purpose = strcmp(program->purpose, "copies") == 0 ? XDP_FILTER : XDP_HAND_OVER,
		.has_heartbeat = true, // without one nothing is copied
		.stale_ms = STALE_MS,
		.is_generic = program->is_generic,
		.flow_slots = FLOW_SLOTS,
	};
	int error;

	pin_path(device, path);
	error = xdp_open(&options, &report, &program->xdps[side]);
	if (error == 0) {
		program->devices[side] = device;
		xdp_beat(program->xdps[side]);
	}
	report_clear(&report);
	return error;
}

int port_program_open(struct port_program *program, const char *device, const char *peer)
{
	int error = 0;

	if (program->purpose != NULL)
		error = open_one(program, 0, device);
	if (program->purpose != NULL && error == 0 && peer != NULL)
		error = open_one(program, 1, peer);
	return error;
}

void port_program_close(struct port_program *program)
{
	char path[PATH_BYTES];

	for (unsigned side = 0; side < 2; side++) {
		xdp_close(program->xdps[side]);
		if (program->devices[side] == NULL)
			continue;
		pin_path(program->devices[side], path);
		(void)xdp_unload(program->devices[side], path, NULL);
	}
	(void)snprintf(path, sizeof(path), "/sys/fs/bpf/sekisho-test-%ld", (long)getpid());
	(void)rmdir(path);
}
