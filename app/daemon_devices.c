#include "app/daemon_devices.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool daemon_devices_need_xdp(const struct sensor_config *config)
{
	return strcmp(config->backend, "afxdp") == 0 || strcmp(config->backend, "xdp-copy") == 0;
}

static void name_devices(const struct sensor_config *config, struct daemon_devices *devices)
{
	for (unsigned i = 0; i < config->link_count; i++) {
		const struct sensor_link_config *link = &config->links[i];

		devices->names[2 * i] = link->device;
		devices->names[2 * i + 1] = link->peer != NULL ? link->peer : "";
		devices->links[i] = (struct sensor_link){.device = link->device,
		                                         .peer = link->peer};
	}
	devices->link_count = config->link_count;
	devices->count = 2 * config->link_count;
	if (strcmp(config->backend, "dpdk") == 0 || strcmp(config->backend, "replay") == 0)
		return;
	for (unsigned i = 0; i < devices->count; i++)
		devices->indices[i] = if_nametoindex(devices->names[i]);
}

static int open_xdp(const struct sensor_config *config, bool is_dry_run, struct report *report,
                    unsigned number, struct daemon_devices *devices)
{
	bool is_inline = config->mode != SENSOR_TAP;
	unsigned place = devices->xdp_count;
	struct xdp_status before;
	struct xdp_open_options options = {
		.device = devices->names[number],
		.purpose = strcmp(config->backend, "afxdp") == 0 ? XDP_HAND_OVER : XDP_FILTER,
		.is_fail_closed = config->is_fail_closed,
		.has_heartbeat = true,
		.stale_ms = config->stale_ms,
		.is_dry_run = is_dry_run,
		.is_generic = config->is_xdp_generic,
		.flow_slots = config->xdp_flow_slots,
	};

	if (options.purpose == XDP_HAND_OVER && is_inline)
		options.peer = devices->names[number ^ 1];
	if (config->pin_path != NULL &&
	    asprintf(&devices->pin_paths[place], "%s/%s", config->pin_path, options.device) < 0) {
		devices->pin_paths[place] = NULL;
		return -ENOMEM;
	}
	options.pin_path = devices->pin_paths[place];
	devices->xdp_names[place] = options.device;
	devices->xdp_numbers[place] = number;
	if (xdp_status(options.device, options.pin_path, NULL, &before) == 0)
		devices->has_taken_over = true;
	int error = xdp_open(&options, report, &devices->xdps[place]);
	if (error < 0)
		return error;
	devices->xdp_count++;
	if (number % 2 == 0)
		devices->links[number / 2].xdp = devices->xdps[place];
	else
		devices->links[number / 2].peer_xdp = devices->xdps[place];
	return 0;
}

int daemon_devices_open(const struct sensor_config *config, bool is_dry_run, struct report *report,
                        struct daemon_devices *devices)
{
	int error = 0;

	*devices = (struct daemon_devices){0};
	name_devices(config, devices);
	if (strcmp(config->backend, "dpdk") == 0)
		return dpdk_start(config->dpdk_arguments, config->dpdk_argument_count, report,
		                  &devices->dpdk);
	if (!daemon_devices_need_xdp(config))
		return 0;
	for (unsigned i = 0; i < devices->count && error == 0; i++)
		if (devices->names[i][0] != '\0')
			error = open_xdp(config, is_dry_run, report, i, devices);
	for (unsigned i = 0; i < devices->xdp_count && error == 0; i++)
		xdp_check_peer(devices->xdps[i], report);
	return error;
}

void daemon_devices_close(struct daemon_devices *devices)
{
	for (unsigned i = 0; i < DAEMON_DEVICES_MAX; i++) {
		xdp_close(devices->xdps[i]);
		free(devices->pin_paths[i]);
	}
	dpdk_stop(devices->dpdk);
	*devices = (struct daemon_devices){0};
}

const char *daemon_devices_gone(const struct daemon_devices *devices)
{
	char name[IF_NAMESIZE];

	for (unsigned i = 0; i < devices->count; i++)
		if (devices->indices[i] != 0 && if_indextoname(devices->indices[i], name) == NULL &&
		    errno == ENXIO)
			return devices->names[i];
	return NULL;
}

void daemon_devices_beat(const struct daemon_devices *devices)
{
	for (unsigned i = 0; i < devices->xdp_count; i++)
		xdp_beat(devices->xdps[i]);
}

void daemon_devices_set_dry_run(const struct daemon_devices *devices, bool is_dry_run)
{
	for (unsigned i = 0; i < devices->xdp_count; i++)
		xdp_set_dry_run(devices->xdps[i], is_dry_run);
}
