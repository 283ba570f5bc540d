#include "ebpf/mirror_set.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <bpf/bpf.h>

#include "ebpf/mirror_filter.h"

enum {
	BATCH_ROWS = 4096,
	ROOM_MIN = 4096, // for rows that come later
};

static const enum xdp_map outer_maps[MIRROR_KIND_COUNT] = {
	[MIRROR_VETO] = XDP_MAP_VETOES,
	[MIRROR_NETWORK] = XDP_MAP_NETWORKS,
	[MIRROR_HOST] = XDP_MAP_HOSTS,
};

// The keys and values of a batch, as the kernel takes them.
struct batch {
	union {
		struct xdp_host_key hosts[BATCH_ROWS];
		struct xdp_network_key networks[BATCH_ROWS];
	} keys;
	union {
		struct xdp_target targets[BATCH_ROWS];
		uint32_t vetoes[BATCH_ROWS];
	} values;
};

static uint32_t room_for(size_t rows)
{
	size_t room = rows + rows / 8 + ROOM_MIN;

	return room < UINT32_MAX ? (uint32_t)room : UINT32_MAX;
}

static int map_memory(struct mirror_set *set, int filter_fd, int slots_fd)
{
	set->filter = xdp_map_memory(filter_fd, set->filter_bytes);
	set->slots = xdp_map_memory(slots_fd, set->slots_bytes);
	return set->filter != NULL && set->slots != NULL ? 0 : -ENOMEM;
}

static void close_descriptor(int fd)
{
	if (fd >= 0)
		(void)close(fd);
}

// Makes an inner map and puts it into the set. Returns its descriptor or an error.
static int make_inner(const struct xdp_maps *maps, enum xdp_map outer, uint32_t index,
                      uint32_t entries)
{
	int fd = xdp_inner_create(outer, entries);
	int error = fd >= 0 ? xdp_inner_insert(maps, outer, index, fd) : fd;

	if (error < 0) {
		close_descriptor(fd);
		return error;
	}
	return fd;
}

static struct mirror_set set_of(const struct xdp_maps *maps, uint32_t index)
{
	return (struct mirror_set){
		.maps = maps,
		.index = index,
		.shared = &maps->config->sets[index],
		.fds = {-1, -1, -1},
	};
}

// The arrays of the set: its filter and its slots.
static int make_arrays(struct mirror_set *set, uint64_t filter_words, uint32_t slot_count)
{
	int filter_fd = make_inner(set->maps, XDP_MAP_FILTERS, set->index, (uint32_t)filter_words);
	int slots_fd = make_inner(set->maps, XDP_MAP_SLOTS, set->index, slot_count);
	int error = filter_fd < 0 ? filter_fd : slots_fd;

	set->filter_bytes = filter_words * sizeof(uint64_t);
	set->slots_bytes = slot_count * sizeof(struct xdp_slot);
	if (error >= 0)
		error = map_memory(set, filter_fd, slots_fd);
	close_descriptor(filter_fd);
	close_descriptor(slots_fd);
	return error;
}

int mirror_set_create(const struct xdp_maps *maps, uint32_t index, const struct mirror_rows *rows,
                      struct mirror_set *ret_set)
{
	struct mirror_set set = set_of(maps, index);
	struct xdp_set laid_out = {};
	uint64_t filter_words = mirror_filter_lay_out(&laid_out, rows);
	int error;

	*set.shared = laid_out;
	mirror_set_mark(set.shared)->filter_words = filter_words;
	error = make_arrays(&set, filter_words, 1 + room_for(mirror_rows_count(rows)));
	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT && error == 0; kind++) {
		size_t count;

		(void)mirror_rows_get(rows, kind, &count);
		set.capacities[kind] = room_for(count);
		set.fds[kind] = make_inner(maps, outer_maps[kind], index, set.capacities[kind]);
		error = set.fds[kind] < 0 ? set.fds[kind] : 0;
	}
	if (error == 0)
		*ret_set = set;
	else
		mirror_set_close(&set);
	return error;
}

static int map_entries(int fd, uint32_t *ret_entries)
{
	struct bpf_map_info info = {};
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) != 0)
		return -errno;
	*ret_entries = info.max_entries;
	return 0;
}

// The set's map of a kind as it is, and how many entries it may have.
static int open_inner(const struct mirror_set *set, enum xdp_map outer, int *ret_fd,
                      uint32_t *ret_entries)
{
	int fd = xdp_inner_open(set->maps, outer, set->index);
	int error = fd >= 0 ? map_entries(fd, ret_entries) : fd;

	if (error < 0) {
		close_descriptor(fd);
		return error;
	}
	*ret_fd = fd;
	return 0;
}

static int open_arrays(struct mirror_set *set)
{
	uint32_t words = 0, slots = 0;
	int filter_fd = -1;
	int slots_fd = -1;
	int error = open_inner(set, XDP_MAP_FILTERS, &filter_fd, &words);

	if (error == 0)
		error = open_inner(set, XDP_MAP_SLOTS, &slots_fd, &slots);
	if (error == 0) {
		set->filter_bytes = words * sizeof(uint64_t);
		set->slots_bytes = slots * sizeof(struct xdp_slot);
		error = map_memory(set, filter_fd, slots_fd);
	}
	close_descriptor(filter_fd);
	close_descriptor(slots_fd);
	return error;
}

int mirror_set_open(const struct xdp_maps *maps, uint32_t index, struct mirror_set *ret_set)
{
	struct mirror_set set = set_of(maps, index);
	int error = open_arrays(&set);

	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT && error == 0; kind++)
		error = open_inner(&set, outer_maps[kind], &set.fds[kind], &set.capacities[kind]);
	if (error == 0)
		*ret_set = set;
	else
		mirror_set_close(&set);
	return error;
}

void mirror_set_close(struct mirror_set *set)
{
	if (set->maps == NULL)
		return;
	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT; kind++)
		close_descriptor(set->fds[kind]);
	if (set->filter != NULL)
		xdp_map_release(set->filter, set->filter_bytes);
	if (set->slots != NULL)
		xdp_map_release(set->slots, set->slots_bytes);
	*set = (struct mirror_set){};
}

int mirror_set_empty(const struct xdp_maps *maps, uint32_t index)
{
	static const enum xdp_map all[] = {XDP_MAP_FILTERS, XDP_MAP_SLOTS, XDP_MAP_HOSTS,
	                                   XDP_MAP_NETWORKS, XDP_MAP_VETOES};

	maps->config->sets[index] = (struct xdp_set){};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		int fd = make_inner(maps, all[i], index, 1);

		if (fd < 0)
			return fd;
		(void)close(fd);
	}
	return 0;
}

static void write_key(struct batch *batch, size_t at, enum mirror_kind kind,
                      const struct mirror_row *row)
{
	struct xdp_host_key *host = &batch->keys.hosts[at];
	struct xdp_network_key *network = &batch->keys.networks[at];

	if (kind == MIRROR_HOST) {
		*host = (struct xdp_host_key){.port = row->port, .protocol = row->protocol};
		memcpy(host->address, row->prefix.address.octets, sizeof(host->address));
	} else {
		network->length = row->prefix.length;
		memcpy(network->address, row->prefix.address.octets, sizeof(network->address));
	}
}

static void write_value(struct batch *batch, size_t at, enum mirror_kind kind,
                        const struct mirror_row *row)
{
	if (kind == MIRROR_VETO)
		batch->values.vetoes[at] = !row->is_hole;
	else
		batch->values.targets[at] = (struct xdp_target){
			.slot = row->slot,
			.port = kind == MIRROR_NETWORK ? row->port : 0,
			.protocol = kind == MIRROR_NETWORK ? row->protocol : 0,
			.has_ports = row->has_ports,
		};
}

static int put_batch(const struct mirror_set *set, enum mirror_kind kind, struct batch *batch,
                     size_t count)
{
	uint32_t left = (uint32_t)count;

	// Without options: an entry that is there is replaced.
	return bpf_map_update_batch(set->fds[kind], &batch->keys, &batch->values, &left, NULL) == 0
	               ? 0
	               : -errno;
}

static void open_slot(struct mirror_set *set, const struct mirror_row *row, uint32_t generation)
{
	if (row->slot != 0 && row->slot < set->slots_bytes / sizeof(*set->slots))
		set->slots[row->slot] = (struct xdp_slot){
			.indicator_id = row->indicator_id,
			.generation = generation,
		};
}

int mirror_set_put(struct mirror_set *set, enum mirror_kind kind, const struct mirror_row rows[],
                   size_t count, uint32_t generation)
{
	struct batch *batch = malloc(sizeof(*batch));
	uint32_t flags = 0;
	int error = batch != NULL ? 0 : -ENOMEM;

	for (size_t done = 0; done < count && error == 0;) {
		size_t size = count - done < BATCH_ROWS ? count - done : BATCH_ROWS;

		for (size_t i = 0; i < size; i++) {
			open_slot(set, &rows[done + i], generation);
			write_key(batch, i, kind, &rows[done + i]);
			write_value(batch, i, kind, &rows[done + i]);
		}
		error = put_batch(set, kind, batch, size);
		for (size_t i = 0; i < size && error == 0; i++)
			flags |= mirror_filter_mark(set, kind, &rows[done + i]);
		done += size;
	}
	free(batch);
	if (error == 0 && (set->shared->flags & flags) != flags)
		__atomic_fetch_or(&set->shared->flags, flags, __ATOMIC_RELEASE);
	return error;
}

// Removes the first `count` keys of a batch; goes on behind one that is not there.
static int remove_batch(const struct mirror_set *set, enum mirror_kind kind,
                        const struct batch *batch, size_t count)
{
	size_t key_bytes = kind == MIRROR_HOST ? sizeof(struct xdp_host_key)
	                                       : sizeof(struct xdp_network_key);
	const uint8_t *keys = (const uint8_t *)&batch->keys;

	for (size_t i = 0; i < count; i++)
		if (bpf_map_delete_elem(set->fds[kind], keys + i * key_bytes) != 0 &&
		    errno != ENOENT)
			return -errno;
	return 0;
}

int mirror_set_remove(struct mirror_set *set, enum mirror_kind kind, const struct mirror_row rows[],
                      size_t count)
{
	struct batch *batch = malloc(sizeof(*batch));
	int error = batch != NULL ? 0 : -ENOMEM;

	for (size_t done = 0; done < count && error == 0;) {
		size_t size = count - done < BATCH_ROWS ? count - done : BATCH_ROWS;

		for (size_t i = 0; i < size; i++)
			write_key(batch, i, kind, &rows[done + i]);
		error = remove_batch(set, kind, batch, size);
		done += size;
	}
	free(batch);
	return error;
}

bool mirror_set_has_room(const struct mirror_set *set, enum mirror_kind kind, size_t present,
                         size_t added)
{
	size_t slots = set->slots_bytes / sizeof(*set->slots);

	return present + added <= set->capacities[kind] && set->shared->slot_count + added < slots;
}

uint64_t mirror_set_map_bytes(const struct mirror_set *set)
{
	// An element's head, key and value, and the buckets' or the tries' nodes beside them.
	static const uint64_t entry_bytes[MIRROR_KIND_COUNT] = {
		[MIRROR_VETO] = 128, [MIRROR_NETWORK] = 128, [MIRROR_HOST] = 112};
	uint64_t bytes = set->filter_bytes + set->slots_bytes;

	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT; kind++)
		bytes += set->capacities[kind] * entry_bytes[kind];
	return bytes;
}
