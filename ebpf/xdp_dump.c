#include <errno.h>

#include "ebpf/mirror_set.h"

enum { TRIES_MAX = 5 };

// The set in force with its slots. -EAGAIN: it went out of force meanwhile.
static int read_live(const struct xdp_maps *maps, struct mirror_set *set, struct mirror_rows *rows)
{
	uint64_t live = __atomic_load_n(&maps->config->live, __ATOMIC_ACQUIRE);
	uint32_t index = (uint32_t)live % XDP_SETS;
	int error = live != 0 ? mirror_set_open(maps, index, set) : 0;

	if (live != 0 && error == 0)
		error = mirror_set_read(set, rows);
	if ((uint32_t)__atomic_load_n(&maps->config->live, __ATOMIC_ACQUIRE) != (uint32_t)live)
		return -EAGAIN;
	return error;
}

static struct xdp_entry entry_of(const struct mirror_set *set, enum mirror_kind kind,
                                 const struct mirror_row *row)
{
	struct xdp_entry entry = {
		.prefix = row->prefix,
		.port = row->port,
		.protocol = row->protocol,
		.is_veto = kind == MIRROR_VETO,
		.indicator_id = row->indicator_id,
	};

	if (row->slot != 0) {
		const struct xdp_count *count = &set->slots[row->slot].count;

		entry.packets = __atomic_load_n(&count->packets, __ATOMIC_RELAXED);
		entry.bytes = __atomic_load_n(&count->bytes, __ATOMIC_RELAXED);
	}
	return entry;
}

static void visit_rows(const struct mirror_set *set, const struct mirror_rows *rows,
                       bool (*visit)(void *context, const struct xdp_entry *entry), void *context)
{
	bool goes_on = true;

	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT; kind++) {
		size_t count;
		const struct mirror_row *row = mirror_rows_get(rows, kind, &count);

		for (size_t i = 0; i < count && goes_on; i++) {
			struct xdp_entry entry = entry_of(set, kind, &row[i]);
			// Not those that only lead to others, or keep others from what they hold.
			bool is_entry = kind == MIRROR_VETO ? row[i].is_hole == 0
			                                    : row[i].slot != 0;

			if (is_entry)
				goes_on = visit(context, &entry);
		}
	}
}

static int dump(const struct xdp_maps *maps,
                bool (*visit)(void *context, const struct xdp_entry *entry), void *context)
{
	int error = -EAGAIN;

	for (unsigned tries = 0; tries < TRIES_MAX && error == -EAGAIN; tries++) {
		struct mirror_set set = {};
		struct mirror_rows rows = {};

		error = read_live(maps, &set, &rows);
		if (error == 0)
			visit_rows(&set, &rows, visit, context);
		mirror_set_close(&set);
		mirror_rows_close(&rows);
	}
	return error;
}

int xdp_dump(const char *device, const char *pin_path,
             bool (*visit)(void *context, const struct xdp_entry *entry), void *context,
             struct report *report)
{
	struct xdp_maps maps;
	char folder[XDP_PATH_BYTES];
	int error = xdp_maps_open_of(device, pin_path, report, folder, &maps);

	if (error < 0)
		return error;
	error = dump(&maps, visit, context);
	xdp_maps_close(&maps);
	return error;
}
