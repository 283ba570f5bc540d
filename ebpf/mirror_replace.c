// Whole sets: filled beside the one in force, then exchanged.
#include <errno.h>

#include "ebpf/mirror_state.h"

enum { FILL_ROWS = 4096 }; // between two notes of how far it is

static struct block *kind_of(struct mirror_rows *rows, unsigned kind)
{
	return &rows->kinds[kind];
}

// Slots in the order of rows: the same rows have the same, also after a crash.
static uint32_t number_slots(struct mirror_rows *rows)
{
	uint32_t slot = 0;

	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT; kind++) {
		struct mirror_row *row = (struct mirror_row *)(void *)kind_of(rows, kind)->data;
		size_t count = kind_of(rows, kind)->size / sizeof(*row);

		for (size_t i = 0; i < count; i++)
			row[i].slot = row[i].indicator_id != NO_INDICATOR ? ++slot : 0;
	}
	return slot;
}

// Goes on from where `filled` says. It lags: rows may be written twice, which changes nothing.
static int fill(struct mirror_set *set, const struct mirror_rows *rows, uint32_t epoch)
{
	struct xdp_set *shared = set->shared;
	uint64_t filled = __atomic_load_n(&shared->filled,
	                                  __ATOMIC_RELAXED); // others write it, too
	uint64_t behind = 0;                                 // of the kinds before
	int error = 0;

	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT && error == 0; kind++) {
		size_t count;
		const struct mirror_row *row = mirror_rows_get(rows, kind, &count);

		while (filled < behind + count && error == 0) {
			size_t done = (size_t)(filled - behind);
			size_t size = count - done < FILL_ROWS ? count - done : FILL_ROWS;

			error = mirror_set_put(set, kind, row + done, size, epoch);
			if (error == 0)
				__atomic_store_n(&shared->filled, filled += size, __ATOMIC_RELEASE);
		}
		behind += count;
	}
	return error;
}

// The set that an earlier process began to fill with the same rows, or a new one.
static int begin(struct xdp *xdp, uint32_t index, const struct mirror_rows *rows, uint64_t digest,
                 struct mirror_set *ret_set)
{
	struct xdp_set *shared = &xdp->maps.config->sets[index];
	int error = -ENOENT;

	if (mirror_set_mark(shared)->digest == digest)
		error = mirror_set_open(&xdp->maps, index, ret_set);
	if (error != 0)
		error = mirror_set_create(&xdp->maps, index, rows, ret_set);
	return error;
}

static void describe(struct mirror_set *set, const struct mirror_rows *rows, uint32_t slot_count,
                     uint64_t digest)
{
	struct xdp_set *shared = set->shared;
	struct mirror_mark *mark = mirror_set_mark(shared);
	size_t networks, vetoes;

	(void)mirror_rows_get(rows, MIRROR_NETWORK, &networks);
	(void)mirror_rows_get(rows, MIRROR_VETO, &vetoes);
	shared->slot_count = slot_count;
	shared->hosts = rows->hosts;
	shared->networks = networks;
	shared->vetoes = vetoes;
	shared->map_bytes = mirror_set_map_bytes(set);
	mark->left_out = rows->left_out;
	// Last: from here on it can be gone on with.
	__atomic_store_n(&mark->digest, digest, __ATOMIC_SEQ_CST);
}

// Waits until no program uses the set that was in force: the update of an outer map does, also
// when it changes nothing.
static int wait_for_programs(const struct xdp_maps *maps, const struct mirror_set *old)
{
	return xdp_inner_insert(maps, XDP_MAP_VETOES, old->index, old->fds[MIRROR_VETO]);
}

void mirror_retire(struct xdp *xdp, struct mirror_set *old, const struct mirror_rows *old_rows,
                   uint32_t epoch)
{
	struct xdp_mirror_state *state = xdp->mirror;

	if (wait_for_programs(&xdp->maps, old) != 0)
		return;
	for (unsigned kind = MIRROR_NETWORK; kind < MIRROR_KIND_COUNT; kind++) {
		const struct mirror_carried carried = {
			.old_rows = &old_rows->kinds[kind],
			.rows = &state->rows.kinds[kind],
			.old_set = old,
			.epoch = epoch,
		};

		mirror_carry(state, kind, &carried);
	}
	// When it fails, memory is not free until the next set.
	(void)mirror_set_empty(&xdp->maps, old->index);
}

void mirror_retire_unknown(struct xdp *xdp, uint32_t index)
{
	struct mirror_set old = {};
	struct mirror_rows rows = {};

	if (xdp->maps.config->sets[index].is_complete == 0 ||
	    mirror_set_open(&xdp->maps, index, &old) != 0)
		return;
	if (mirror_set_read(&old, &rows) == 0)
		mirror_retire(xdp, &old, &rows, 0);
	mirror_set_close(&old);
	mirror_rows_close(&rows);
}

// Takes over both, which are in force from now on, and what was before goes.
static void exchange(struct xdp *xdp, struct mirror_set *set, struct mirror_rows *rows,
                     uint32_t generation)
{
	struct xdp_mirror_state *state = xdp->mirror;
	uint32_t epoch = mirror_live_epoch(&xdp->maps);
	struct mirror_set old = state->live;
	struct mirror_rows old_rows = state->rows;

	mirror_exchange(xdp, set, generation);
	state->live = *set;
	state->rows = *rows;
	*set = (struct mirror_set){};
	*rows = (struct mirror_rows){};
	if (old.maps != NULL)
		mirror_retire(xdp, &old, &old_rows, epoch);
	else if (epoch != 0)
		mirror_retire_unknown(xdp, (state->live.index + 1) % XDP_SETS);
	mirror_set_close(&old);
	mirror_rows_close(&old_rows);
}

int mirror_replace(struct xdp *xdp, struct mirror_rows *rows, uint32_t generation)
{
	uint64_t live = xdp->maps.config->live;
	uint32_t index = live != 0 ? ((uint32_t)live % XDP_SETS + 1) % XDP_SETS : 0;
	uint64_t digest = mirror_rows_digest(rows);
	uint32_t slot_count = number_slots(rows);
	struct mirror_set set = {};
	int error = begin(xdp, index, rows, digest, &set);

	if (error == 0) {
		describe(&set, rows, slot_count, digest);
		error = fill(&set, rows, mirror_live_epoch(&xdp->maps) + 1);
	}
	if (error == 0) {
		__atomic_store_n(&set.shared->is_complete, 1, __ATOMIC_SEQ_CST);
		exchange(xdp, &set, rows, generation);
	}
	mirror_set_close(&set);
	return error;
}
