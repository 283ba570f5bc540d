#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ebpf/xdp.h"

// Sums up what each CPU counted.
static int read_counters(int fd, struct xdp_status *status)
{
	int cpu_count = libbpf_num_possible_cpus();
	struct xdp_count *counts = cpu_count > 0 ? calloc((size_t)cpu_count, sizeof(*counts))
	                                         : NULL;
	int error = counts != NULL ? 0 : -ENOMEM;

	for (uint32_t reason = 0; reason < XDP_REASON_COUNT && error == 0; reason++) {
		if (bpf_map_lookup_elem(fd, &reason, counts) != 0)
			error = -errno;
		for (int cpu = 0; cpu < cpu_count && error == 0; cpu++) {
			status->packets[reason] += counts[cpu].packets;
			status->bytes[reason] += counts[cpu].bytes;
		}
	}
	free(counts);
	return error;
}

static bool is_stale(const struct xdp_config *config)
{
	uint64_t beat_ns = __atomic_load_n(&config->beat_ns, __ATOMIC_RELAXED);
	uint64_t now_ns = xdp_clock_ns();

	return (config->flags & XDP_CONFIG_HEARTBEAT) != 0 && now_ns > beat_ns &&
	       (now_ns - beat_ns) >> XDP_TICK_SHIFT > config->stale_ticks;
}

static void read_config(const struct xdp_config *config, struct xdp_status *status)
{
	uint64_t live = __atomic_load_n(&config->live, __ATOMIC_ACQUIRE);
	const struct xdp_set *set = &config->sets[(uint32_t)live % XDP_SETS];

	status->purpose = (enum xdp_purpose)config->purpose;
	status->is_fail_closed = (config->flags & XDP_CONFIG_FAIL_CLOSED) != 0;
	status->is_dry_run = (config->flags & XDP_CONFIG_DRY_RUN) != 0;
	status->has_heartbeat = (config->flags & XDP_CONFIG_HEARTBEAT) != 0;
	status->is_stale = is_stale(config);
	if (live == 0)
		return;
	status->generation = set->generation;
	status->hosts = set->hosts;
	status->networks = set->networks;
	status->vetoes = set->vetoes;
	for (unsigned i = 0; i < XDP_SETS; i++)
		status->map_bytes += config->sets[i].map_bytes;
}

// Is the program that is pinned there attached to the device?
static int find_program(const char *device, const char *folder, struct xdp_status *status)
{
	struct xdp_attachment attachment;
	char path[XDP_PATH_BYTES];
	int error = xdp_pin_path(folder, "program", path);
	int fd = error == 0 ? bpf_obj_get(path) : error;

	if (fd < 0)
		return error < 0 ? error : -errno;
	error = xdp_attach_find((int)if_nametoindex(device), fd, &attachment);
	(void)close(fd);
	if (error < 0)
		return error;
	status->is_attached = true;
	status->is_native = attachment.is_native;
	status->is_dispatched = attachment.is_dispatched;
	return 0;
}

int xdp_status(const char *device, const char *pin_path, struct report *report,
               struct xdp_status *ret_status)
{
	struct xdp_status status = {};
	struct xdp_maps maps;
	char folder[XDP_PATH_BYTES];
	int error = xdp_maps_open_of(device, pin_path, report, folder, &maps);

	if (error < 0)
		return error;
	error = find_program(device, folder, &status);
	if (error == 0)
		error = read_counters(maps.fds[XDP_MAP_COUNTERS], &status);
	if (error == 0) {
		strncpy(status.device, device, sizeof(status.device) - 1);
		read_config(maps.config, &status);
		status.map_bytes += maps.flows_bytes;
		*ret_status = status;
	}
	xdp_maps_close(&maps);
	return error;
}
