#include "ebpf/xdp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "ebpf/xdp_filter.skel.h"

enum { LOG_BYTES = 1 << 24 };

// The pinned map of that name, or -1.
static int open_pinned(const char *folder, const char *name)
{
	char path[XDP_PATH_BYTES];

	return folder[0] == '\0' || xdp_pin_path(folder, name, path) < 0 ? -1 : bpf_obj_get(path);
}

// Uses what is pinned, if it has `entries` (0: however many); else lets it be made, and pinned.
// Whatever lies below the same layout fits. libbpf's own way of it takes a device map, of which
// the kernel tells other flags than it was made with, for another.
static int settle_map(struct bpf_map *map, const char *folder, uint32_t entries)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	char path[XDP_PATH_BYTES];
	int fd = open_pinned(folder, bpf_map__name(map));
	int error = 0;

	if (fd >= 0 && (bpf_obj_get_info_by_fd(fd, &info, &size) < 0 ||
	                (entries != 0 && info.max_entries != entries))) {
		close(fd);
		fd = -1;
	}
	if (fd >= 0) {
		error = bpf_map__reuse_fd(map, fd);
		close(fd);
		return error;
	}
	if (entries != 0)
		error = bpf_map__set_max_entries(map, entries);
	if (error < 0 || folder[0] == '\0')
		return error;
	error = xdp_pin_path(folder, bpf_map__name(map), path);
	if (error < 0)
		return error;
	unlink(path);
	return bpf_map__set_pin_path(map, path);
}

static int prepare(struct xdp_filter_bpf *skeleton, const struct xdp_open_options *options,
                   const char *folder)
{
	struct bpf_map *map;
	int error = 0;

	bpf_object__for_each_map(map, skeleton->obj)
	{
		uint32_t entries = map == skeleton->maps.flows ? options->flow_slots / XDP_FLOW_WAYS
		                   : map == skeleton->maps.copies ? options->copy_ring_bytes
		                                                  : 0;

		if (error == 0)
			error = settle_map(map, folder, entries);
	}
	return error;
}

static int duplicate(int fd)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	return copy < 0 ? -errno : copy;
}

// Takes descriptors of its own, so that the object can be freed.
static int take_over(const struct xdp_filter_bpf *skeleton, struct xdp *xdp)
{
	for (int i = 0; i < XDP_MAP_COUNT; i++) {
		const struct bpf_map *map = bpf_object__find_map_by_name(skeleton->obj,
		                                                         xdp_map_name(i));

		xdp->maps.fds[i] = map == NULL ? -ENOENT : duplicate(bpf_map__fd(map));
		if (xdp->maps.fds[i] < 0)
			return xdp->maps.fds[i];
	}
	xdp->program_fd = duplicate(bpf_program__fd(skeleton->progs.xdp_filter));
	return xdp->program_fd < 0 ? xdp->program_fd : xdp_maps_map(&xdp->maps);
}

// The verifier's last words say why.
static void explain(struct report *report, const char *device, int error, const char *log)
{
	size_t size = strlen(log);
	const char *tail = size > 120 ? log + size - 120 : log;

	if (error == -EPERM)
		report_note(report, "no permission", slice_text(device),
		            "loading an XDP program needs CAP_BPF and CAP_NET_ADMIN (run as root)");
	else if (size > 0)
		report_note(report, "the kernel refuses the XDP program", slice_text(device),
		            "%s; Linux 6.1 or newer is needed: %s", strerror(-error), tail);
	else
		report_note(report, "the XDP program cannot be loaded", slice_text(device),
		            "%s; Linux 6.1 or newer is needed", strerror(-error));
}

static struct xdp_filter_bpf *load_object(const struct xdp_open_options *options,
                                          const char *folder, char *log, int *ret_error)
{
	LIBBPF_OPTS(bpf_object_open_opts, open_options, .kernel_log_buf = log,
	            .kernel_log_size = LOG_BYTES);
	struct xdp_filter_bpf *skeleton = xdp_filter_bpf__open_opts(&open_options);
	int error;

	if (skeleton == NULL) {
		*ret_error = -errno;
		return NULL;
	}
	error = prepare(skeleton, options, folder);
	if (error == 0)
		error = xdp_filter_bpf__load(skeleton);
	if (error < 0) {
		xdp_filter_bpf__destroy(skeleton);
		*ret_error = error;
		return NULL;
	}
	return skeleton;
}

static uint32_t stale_ticks(uint32_t stale_ms)
{
	return (uint32_t)(((uint64_t)stale_ms * 1000000) >> XDP_TICK_SHIFT);
}

// The seeds stay with the maps: what is in them was placed by them.
static void configure(struct xdp *xdp, const struct xdp_open_options *options)
{
	struct xdp_config *config = xdp->maps.config;
	uint32_t flags = (options->is_fail_closed ? XDP_CONFIG_FAIL_CLOSED : 0) |
	                 (options->has_heartbeat ? XDP_CONFIG_HEARTBEAT : 0) |
	                 (options->is_dry_run ? XDP_CONFIG_DRY_RUN : 0) |
	                 (options->peer != NULL ? XDP_CONFIG_PEER : 0);

	if (config->layout != XDP_LAYOUT &&
	    getrandom(config->seeds, sizeof(config->seeds), GRND_NONBLOCK) < 0)
		config->seeds[0] = xdp_clock_ns(); // only a defence against crafted collisions
	config->purpose = options->purpose;
	config->stale_ticks = stale_ticks(options->stale_ms);
	config->flow_mask = xdp->maps.flow_mask;
	config->tells_max = XDP_TELLS_MAX;
	config->layout = XDP_LAYOUT;
	// Failing closed, nothing passes before it is said that somebody is there.
	if (!options->is_fail_closed)
		xdp_beat(xdp);
	config->flags = flags;
}

static int set_peer(struct xdp *xdp, const struct xdp_open_options *options, struct report *report)
{
	uint32_t zero = 0;
	uint32_t index = options->peer == NULL ? 0 : if_nametoindex(options->peer);

	if (options->peer == NULL)
		return 0;
	if (index == 0) {
		report_note(report, "no such interface", slice_text(options->peer),
		            "the peer of %s", options->device);
		return -ENODEV;
	}
	if (bpf_map_update_elem(xdp->maps.fds[XDP_MAP_PEERS], &zero, &index, BPF_ANY) < 0) {
		report_note(report, "packets cannot be redirected", slice_text(options->peer),
		            "the peer of %s: %s", options->device, strerror(errno));
		return -errno;
	}
	xdp->peer_index = index;
	return 0;
}

int xdp_load(const struct xdp_open_options *options, const char *folder, struct report *report,
             struct xdp **ret_xdp)
{
	AUTO(xdp) xdp = calloc(1, sizeof(*xdp));
	char *log = calloc(1, LOG_BYTES);
	struct xdp_filter_bpf *skeleton;
	int error = -ENOMEM;

	if (xdp == NULL || log == NULL) {
		free(log);
		return -ENOMEM;
	}
	xdp_maps_clear(&xdp->maps);
	xdp->program_fd = -1;
	xdp->lock_fd = -1;
	strncpy(xdp->device, options->device, sizeof(xdp->device) - 1);
	strncpy(xdp->maps.folder, folder, sizeof(xdp->maps.folder) - 1);
	libbpf_set_print(NULL);
	skeleton = load_object(options, folder, log, &error);
	if (skeleton == NULL)
		explain(report, options->device, error, log);
	free(log);
	if (skeleton == NULL)
		return error;
	error = take_over(skeleton, xdp);
	xdp_filter_bpf__destroy(skeleton);
	if (error == 0)
		error = set_peer(xdp, options, report);
	if (error == 0)
		error = xdp_copies_open(xdp);
	if (error < 0)
		return error;
	configure(xdp, options);
	*ret_xdp = TAKE(xdp);
	return 0;
}

struct bpf_object *xdp_load_again(const struct xdp *xdp)
{
	size_t size;
	const void *bytes = xdp_filter_bpf__elf_bytes(&size);
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "xdp_filter");
	struct bpf_object *object = bpf_object__open_mem(bytes, size, &options);

	if (object == NULL)
		return NULL;
	for (int i = 0; i < XDP_MAP_COUNT; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, xdp_map_name(i));

		if (map == NULL || bpf_map__reuse_fd(map, xdp->maps.fds[i]) < 0) {
			bpf_object__close(object);
			return NULL;
		}
	}
	return object;
}
