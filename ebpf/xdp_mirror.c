#include <errno.h>
#include <stdlib.h>

#include "ebpf/mirror_state.h"

enum {
	DIFFERENCE_MIN = 1024, // always small
	DIFFERENCE_SHARE = 8,  // else a difference is: at most one in that many rows
};

static void note_epoch(struct xdp_mirror_state *state, uint32_t epoch, uint32_t generation)
{
	state->epochs[state->epoch_count++ % MIRROR_EPOCHS] = (struct mirror_epoch){
		.epoch = epoch,
		.generation = generation,
	};
}

void mirror_exchange(struct xdp *xdp, struct mirror_set *set, uint32_t generation)
{
	uint32_t epoch = mirror_live_epoch(&xdp->maps) + 1;

	note_epoch(xdp->mirror, epoch, generation);
	set->shared->generation = generation;
	// Release: what the program finds by it was written before.
	__atomic_store_n(&xdp->maps.config->live, xdp_live(set->index, epoch), __ATOMIC_RELEASE);
}

uint32_t mirror_generation(const struct xdp_mirror_state *state, uint32_t epoch)
{
	unsigned count = state->epoch_count < MIRROR_EPOCHS ? state->epoch_count : MIRROR_EPOCHS;

	for (unsigned i = 0; i < count; i++)
		if (state->epochs[i].epoch == epoch)
			return state->epochs[i].generation;
	return 0;
}

static void add_count(struct xdp_count *count, const struct xdp_count *added)
{
	// Relaxed: the program adds to it at the same time, and no other memory depends on it.
	__atomic_fetch_add(&count->packets, added->packets, __ATOMIC_RELAXED);
	__atomic_fetch_add(&count->bytes, added->bytes, __ATOMIC_RELAXED);
}

static void note_gone(struct xdp_mirror_state *state, const struct mirror_row *row,
                      const struct xdp_slot *slot, uint32_t epoch)
{
	struct mirror_gone *noted;

	if (slot->untold.packets == 0)
		return;
	noted = block_extend(&state->gone, sizeof(*noted));
	if (noted != NULL)
		*noted = (struct mirror_gone){*row, epoch, 0, slot->untold};
}

void mirror_carry(struct xdp_mirror_state *state, enum mirror_kind kind,
                  const struct mirror_carried *carried)
{
	const struct mirror_row *old = (const void *)carried->old_rows->data;
	const struct mirror_row *old_end = old + carried->old_rows->size / sizeof(*old);
	const struct mirror_row *now = (const void *)carried->rows->data;
	const struct mirror_row *now_end = now + carried->rows->size / sizeof(*now);

	for (; old < old_end; old++) {
		const struct xdp_slot *slot = mirror_set_slot(carried->old_set, old->slot);
		struct xdp_slot *heir;

		if (old->slot == 0 || slot->count.packets == 0)
			continue;
		while (now < now_end && mirror_row_compare(kind, now, old) < 0)
			now++;
		if (now == now_end || now->slot == 0 || mirror_row_compare(kind, now, old) != 0) {
			note_gone(state, old, slot, carried->epoch);
			continue;
		}
		heir = mirror_set_slot(&state->live, now->slot);
		add_count(&heir->count, &slot->count);
		add_count(&heir->untold, &slot->untold);
	}
}

static void forget_live(struct xdp_mirror_state *state)
{
	mirror_set_close(&state->live);
	mirror_rows_close(&state->rows);
	drops_mark_free(state->mark);
	state->mark = NULL;
}

void xdp_mirror_forget(struct xdp_mirror_state *state)
{
	if (state == NULL)
		return;
	forget_live(state);
	block_close(&state->gone);
	free(state);
}

// The set in force as an earlier process left it, or nothing when that crashed in between.
static int look_at_live(struct xdp *xdp, uint32_t index)
{
	struct xdp_mirror_state *state = xdp->mirror;
	struct xdp_set *shared = &xdp->maps.config->sets[index];
	int error;

	if (shared->is_complete == 0 || mirror_set_mark(shared)->digest == 0)
		return 0;
	error = mirror_set_open(&xdp->maps, index, &state->live);
	if (error == 0)
		error = mirror_set_read(&state->live, &state->rows);
	if (error != 0)
		forget_live(state);
	return error == -ENOMEM ? error : 0;
}

static int look(struct xdp *xdp)
{
	uint64_t live = xdp->maps.config->live;
	uint32_t index = (uint32_t)live % XDP_SETS;
	int error = 0;

	if (xdp->mirror->has_looked)
		return 0;
	if (live != 0)
		error = look_at_live(xdp, index);
	// One that was in force until a moment before a crash.
	if (live != 0 && error == 0 && xdp->mirror->live.maps != NULL)
		mirror_retire_unknown(xdp, (index + 1) % XDP_SETS);
	xdp->mirror->has_looked = error == 0;
	return error;
}

// May it be made in place?
static bool is_small(const struct xdp_mirror_state *state, size_t *ret_limit)
{
	size_t present = mirror_rows_count(&state->rows);

	*ret_limit = present / DIFFERENCE_SHARE > DIFFERENCE_MIN ? present / DIFFERENCE_SHARE
	                                                         : DIFFERENCE_MIN;
	return state->live.maps != NULL &&
	       mirror_set_mark(state->live.shared)->stale_marks <= *ret_limit;
}

// Takes rows and difference in any case. Returns 0, or an error: then all is to be replaced.
static int make_difference(struct xdp *xdp, struct mirror_difference *difference,
                           struct mirror_rows *rows, uint32_t generation)
{
	int error;

	// Nothing changed since an earlier process: what was dropped meanwhile is of this database.
	if (difference->put_count + difference->remove_count == 0 && xdp->mirror->epoch_count == 0)
		note_epoch(xdp->mirror, mirror_live_epoch(&xdp->maps), generation);
	error = mirror_change(xdp, difference, rows, generation);
	if (error != 0 && error != -EFBIG)
		forget_live(xdp->mirror); // it is not known any more
	return error;
}

static void tell_figures(const struct mirror_rows *rows, struct xdp_mirror_figures *ret_figures)
{
	size_t networks;

	(void)mirror_rows_get(rows, MIRROR_NETWORK, &networks);
	*ret_figures = (struct xdp_mirror_figures){
		.hosts = rows->hosts,
		.networks = networks,
		.vetoed = rows->vetoed,
		.left_out = rows->left_out,
		.next_change_ns = rows->next_change_ns,
	};
}

static void tell_difference(const struct mirror_difference *difference,
                            struct xdp_mirror_figures *figures)
{
	figures->is_difference = true;
	figures->added = difference->put_count - difference->changed_count;
	figures->removed = difference->remove_count - difference->changed_count;
}

// From the few hosts that may have changed. Returns 0, or an error: then all is to be walked.
static int mirror_patch(struct xdp *xdp, const struct database *database, int64_t now_ns,
                        uint32_t generation, struct xdp_mirror_figures *ret_figures)
{
	struct mirror_rows rows;
	struct mirror_difference difference;
	size_t limit;
	int error = mirror_patch_make(xdp->mirror, database, now_ns, &rows, &difference);

	if (error != 0)
		return error;
	tell_figures(&rows, ret_figures);
	tell_difference(&difference, ret_figures);
	error = -EFBIG;
	if (is_small(xdp->mirror, &limit) &&
	    difference.put_count + difference.remove_count <= limit)
		error = make_difference(xdp, &difference, &rows, generation);
	mirror_difference_close(&difference);
	mirror_rows_close(&rows);
	return error;
}

// Returns 0, -EFBIG when the difference is no small one, or an error.
static int mirror_difference(struct xdp *xdp, struct mirror_rows *rows, uint32_t generation,
                             struct xdp_mirror_figures *figures)
{
	struct mirror_difference difference;
	size_t limit;
	int error = is_small(xdp->mirror, &limit)
	                    ? mirror_difference_make(xdp->mirror, rows, limit, &difference)
	                    : -EFBIG;

	if (error != 0)
		return error;
	error = make_difference(xdp, &difference, rows, generation);
	if (error == 0)
		tell_difference(&difference, figures);
	mirror_difference_close(&difference);
	return error;
}

static int mirror_all(struct xdp *xdp, const struct database *database, int64_t now_ns,
                      uint32_t generation, struct xdp_mirror_figures *ret_figures)
{
	struct mirror_rows rows = {};
	int error = mirror_rows_make(database, now_ns, &rows);

	if (error == 0) {
		tell_figures(&rows, ret_figures);
		error = mirror_difference(xdp, &rows, generation, ret_figures);
		if (error != 0)
			error = mirror_replace(xdp, &rows, generation);
	}
	mirror_rows_close(&rows);
	return error;
}

static int mirror(struct xdp *xdp, const struct database *database, int64_t now_ns,
                  uint32_t generation, struct xdp_mirror_figures *ret_figures)
{
	AUTO(drops_mark) mark = NULL;
	int error = look(xdp);

	// Before the walk: what changes during it is seen as a change the next time.
	if (error == 0)
		error = drops_mark_create(database, &mark);
	if (error != 0)
		return error;
	error = mirror_patch(xdp, database, now_ns, generation, ret_figures);
	if (error != 0)
		error = mirror_all(xdp, database, now_ns, generation, ret_figures);
	if (error != 0)
		return error;
	drops_mark_free(xdp->mirror->mark);
	xdp->mirror->mark = TAKE(mark);
	xdp->mirror->now_ns = now_ns;
	return 0;
}

int xdp_mirror(struct xdp *xdp, const struct database *database, uint32_t generation,
               int64_t now_ns, struct report *report, struct xdp_mirror_figures *ret_figures)
{
	struct xdp_mirror_figures figures;
	int error = 0;

	if (xdp->mirror == NULL)
		xdp->mirror = calloc(1, sizeof(*xdp->mirror));
	if (xdp->mirror == NULL)
		error = -ENOMEM;
	if (error == 0)
		error = mirror(xdp, database, now_ns, generation, &figures);
	if (error == 0)
		*ret_figures = figures;
	else
		report_note(report, "the XDP maps could not be filled", slice_text(xdp->device),
		            "%s: what was in force stays", strerror(-error));
	return error;
}
