#include "ebpf/xdp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "base/timestamp.h"

static const char *const names[] = {
	[XDP_MAP_CONFIG] = "config",
	[XDP_MAP_FLOWS] = "flows",
	[XDP_MAP_FRAGMENTS] = "fragments",
	[XDP_MAP_TOLD] = "told",
	[XDP_MAP_TELLING] = "telling",
	[XDP_MAP_COUNTERS] = "counters",
	[XDP_MAP_CONDEMNED] = "condemned",
	[XDP_MAP_FILTERS] = "filters",
	[XDP_MAP_HOSTS] = "hosts",
	[XDP_MAP_NETWORKS] = "networks",
	[XDP_MAP_VETOES] = "vetoes",
	[XDP_MAP_SLOTS] = "slots",
	[XDP_MAP_SOCKETS] = "sockets",
	[XDP_MAP_PEERS] = "peers",
	[XDP_MAP_COPIES] = "copies",
	[XDP_MAP_DROPS] = "drops",
	[XDP_MAP_FILTERS_SMALL] = "filters_small",
	[XDP_MAP_FILTERS_MEDIUM] = "filters_medium",
};
_Static_assert(sizeof(names) / sizeof(names[0]) == XDP_MAP_COUNT, "one name a map");

const char *xdp_map_name(enum xdp_map map)
{
	return names[map];
}

static int format_path(char ret_path[XDP_PATH_BYTES], const char *folder, const char *name)
{
	int size = snprintf(ret_path, XDP_PATH_BYTES, "%s/%s", folder, name);

	return size < 0 || size >= XDP_PATH_BYTES ? -ENAMETOOLONG : 0;
}

int xdp_pin_path(const char *folder, const char *name, char ret_path[XDP_PATH_BYTES])
{
	return format_path(ret_path, folder, name);
}

int xdp_pin_folder(const char *device, const char *pin_path, char ret_path[XDP_PATH_BYTES])
{
	if (pin_path == NULL)
		return format_path(ret_path, "/sys/fs/bpf/sekisho", device);
	if (strlen(pin_path) >= XDP_PATH_BYTES - XDP_PIN_NAME_BYTES)
		return -ENAMETOOLONG;
	strcpy(ret_path, pin_path);
	return 0;
}

static int open_pin(const char *folder, const char *name)
{
	char path[XDP_PATH_BYTES];
	int error = format_path(path, folder, name);
	int fd = error < 0 ? error : bpf_obj_get(path);

	return fd < 0 && error == 0 ? -errno : fd;
}

void xdp_maps_clear(struct xdp_maps *maps)
{
	*maps = (struct xdp_maps){0};
	for (int i = 0; i < XDP_MAP_COUNT; i++)
		maps->fds[i] = -1;
}

// A config of another size is another layout, too.
static int check_layout(int config_fd)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	struct xdp_config config;
	uint32_t zero = 0;

	if (bpf_obj_get_info_by_fd(config_fd, &info, &size) < 0)
		return -errno;
	if (info.value_size != sizeof(config))
		return -EPROTO;
	if (bpf_map_lookup_elem(config_fd, &zero, &config) < 0)
		return -errno;
	return config.layout == XDP_LAYOUT ? 0 : -EPROTO;
}

int xdp_maps_open(const char *folder, struct xdp_maps *ret_maps)
{
	struct xdp_maps maps;
	int error;

	xdp_maps_clear(&maps);
	error = xdp_pin_folder("", folder, maps.folder);
	for (int i = 0; i < XDP_MAP_COUNT && error == 0; i++) {
		maps.fds[i] = open_pin(folder, names[i]);
		if (maps.fds[i] < 0)
			error = i == XDP_MAP_CONFIG || maps.fds[i] != -ENOENT ? maps.fds[i]
			                                                      : -EPROTO;
		else if (i == XDP_MAP_CONFIG)
			error = check_layout(maps.fds[i]);
	}
	if (error == 0)
		error = xdp_maps_map(&maps);
	if (error < 0) {
		xdp_maps_close(&maps);
		return error;
	}
	*ret_maps = maps;
	return 0;
}

void xdp_maps_close(struct xdp_maps *maps)
{
	xdp_map_release(maps->config, sizeof(*maps->config));
	xdp_map_release(maps->flows, maps->flows_bytes);
	for (int i = 0; i < XDP_MAP_COUNT; i++)
		if (maps->fds[i] >= 0)
			close(maps->fds[i]);
	xdp_maps_clear(maps);
}

void *xdp_map_memory(int fd, size_t size_bytes)
{
	void *memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return memory == MAP_FAILED ? NULL : memory;
}

void xdp_map_release(void *memory, size_t size_bytes)
{
	if (memory != NULL)
		munmap(memory, size_bytes);
}

int xdp_maps_map(struct xdp_maps *maps)
{
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);

	maps->config = xdp_map_memory(maps->fds[XDP_MAP_CONFIG], sizeof(*maps->config));
	if (maps->config == NULL)
		return -errno;
	if (bpf_obj_get_info_by_fd(maps->fds[XDP_MAP_FLOWS], &info, &size) < 0)
		return -errno;
	maps->flow_mask = info.max_entries - 1;
	maps->flows_bytes = info.max_entries * sizeof(struct xdp_flow_line);
	maps->flows = xdp_map_memory(maps->fds[XDP_MAP_FLOWS], maps->flows_bytes);
	return maps->flows == NULL ? -errno : 0;
}

// Types and flags must be those of maps.bpf.h, or the kernel refuses an inner map.
static const struct {
	enum bpf_map_type type;
	uint32_t key_bytes, value_bytes, flags;
} inner[] = {
	[XDP_MAP_FILTERS] = {BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(uint64_t),
                             BPF_F_INNER_MAP | BPF_F_MMAPABLE},
	[XDP_MAP_HOSTS] = {BPF_MAP_TYPE_HASH, sizeof(struct xdp_host_key),
                           sizeof(struct xdp_target), 0},
	[XDP_MAP_NETWORKS] = {BPF_MAP_TYPE_LPM_TRIE, sizeof(struct xdp_network_key),
                              sizeof(struct xdp_target), BPF_F_NO_PREALLOC},
	[XDP_MAP_VETOES] = {BPF_MAP_TYPE_LPM_TRIE, sizeof(struct xdp_network_key), sizeof(uint32_t),
                            BPF_F_NO_PREALLOC},
	[XDP_MAP_SLOTS] = {BPF_MAP_TYPE_ARRAY, sizeof(uint32_t), sizeof(struct xdp_slot),
                           BPF_F_INNER_MAP | BPF_F_MMAPABLE},
};

// A filter gets the next of the fixed sizes, if there is one.
static enum xdp_filter_class class_of(uint32_t words)
{
	return words <= XDP_FILTER_SMALL    ? XDP_FILTERS_SMALL
	       : words <= XDP_FILTER_MEDIUM ? XDP_FILTERS_MEDIUM
	                                    : XDP_FILTERS_ANY;
}

int xdp_inner_create(enum xdp_map outer, uint32_t entries)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = inner[outer].flags);
	enum xdp_filter_class filter_class = outer == XDP_MAP_FILTERS ? class_of(entries)
	                                                              : XDP_FILTERS_ANY;
	char name[BPF_OBJ_NAME_LEN];
	int fd;

	if (filter_class != XDP_FILTERS_ANY) {
		entries = filter_class == XDP_FILTERS_SMALL ? XDP_FILTER_SMALL : XDP_FILTER_MEDIUM;
		options.map_flags &= ~(uint32_t)BPF_F_INNER_MAP;
	}
	snprintf(name, sizeof(name), "set_%s", names[outer]);
	fd = bpf_map_create(inner[outer].type, name, inner[outer].key_bytes,
	                    inner[outer].value_bytes, entries, &options);
	return fd < 0 ? -errno : fd;
}

static int inner_path(const struct xdp_maps *maps, enum xdp_map outer, uint32_t set,
                      char ret_path[XDP_PATH_BYTES])
{
	char name[XDP_PIN_NAME_BYTES];

	snprintf(name, sizeof(name), "%s_%u", names[outer], set);
	return format_path(ret_path, maps->folder, name);
}

// Puts a filter where those of its size are, and takes away what the set had of another.
static int insert_filter(const struct xdp_maps *maps, uint32_t set, int inner_fd)
{
	static const enum xdp_map outers[] = {
		[XDP_FILTERS_ANY] = XDP_MAP_FILTERS,
		[XDP_FILTERS_SMALL] = XDP_MAP_FILTERS_SMALL,
		[XDP_FILTERS_MEDIUM] = XDP_MAP_FILTERS_MEDIUM,
	};
	struct bpf_map_info info = {0};
	uint32_t size = sizeof(info);
	enum xdp_filter_class filter_class;

	if (bpf_obj_get_info_by_fd(inner_fd, &info, &size) < 0)
		return -errno;
	filter_class = class_of(info.max_entries);
	if (bpf_map_update_elem(maps->fds[outers[filter_class]], &set, &inner_fd, BPF_ANY) < 0)
		return -errno;
	maps->config->sets[set].filter_class = filter_class;
	for (unsigned i = 0; i < sizeof(outers) / sizeof(outers[0]); i++)
		if (i != filter_class)
			bpf_map_delete_elem(maps->fds[outers[i]], &set);
	return 0;
}

int xdp_inner_insert(const struct xdp_maps *maps, enum xdp_map outer, uint32_t set, int inner_fd)
{
	char path[XDP_PATH_BYTES];
	int error = 0;

	if (outer == XDP_MAP_FILTERS)
		error = insert_filter(maps, set, inner_fd);
	else if (bpf_map_update_elem(maps->fds[outer], &set, &inner_fd, BPF_ANY) < 0)
		error = -errno;
	if (error < 0 || maps->folder[0] == '\0')
		return error;
	error = inner_path(maps, outer, set, path);
	if (error < 0)
		return error;
	unlink(path);
	return bpf_obj_pin(inner_fd, path) < 0 ? -errno : 0;
}

int xdp_inner_open(const struct xdp_maps *maps, enum xdp_map outer, uint32_t set)
{
	char path[XDP_PATH_BYTES];
	int fd = maps->folder[0] == '\0' ? -ENOENT : inner_path(maps, outer, set, path);

	if (fd < 0)
		return fd;
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

uint64_t xdp_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

int xdp_maps_open_of(const char *device, const char *pin_path, struct report *report,
                     char ret_folder[XDP_PATH_BYTES], struct xdp_maps *ret_maps)
{
	int error = xdp_pin_folder(device, pin_path, ret_folder);

	if (error == 0)
		error = xdp_maps_open(ret_folder, ret_maps);
	if (error == -EPROTO)
		report_note(report, "of another version of sekisho", slice_text(device),
		            "'sekisho xdp unload' takes it off");
	return error;
}
