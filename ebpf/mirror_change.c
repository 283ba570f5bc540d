// Differences, made in place.
#include <errno.h>

#include "ebpf/mirror_state.h"

void mirror_difference_close(struct mirror_difference *difference)
{
	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT; kind++) {
		block_close(&difference->put[kind]);
		block_close(&difference->remove[kind]);
	}
}

static int note_row(struct block *rows, const struct mirror_row *row)
{
	struct mirror_row *noted = block_extend(rows, sizeof(*noted));

	if (noted == NULL)
		return -ENOMEM;
	*noted = *row;
	return 0;
}

// Two runs of rows of a kind, in order, as they are walked together.
struct walk {
	const struct mirror_row *old;
	struct mirror_row *now;
	size_t old_left, now_left;
	uint32_t next_slot;
};

static int put_row(struct walk *walk, enum mirror_kind kind, struct mirror_difference *difference)
{
	difference->put_count++;
	walk->now->slot = walk->now->indicator_id != NO_INDICATOR ? walk->next_slot++ : 0;
	return note_row(&difference->put[kind], walk->now);
}

// Takes the next row of either or both.
static int step(struct walk *walk, enum mirror_kind kind, struct mirror_difference *difference)
{
	int order = walk->old_left == 0   ? 1
	            : walk->now_left == 0 ? -1
	                                  : mirror_row_compare(kind, walk->old, walk->now);
	bool is_same = order == 0 && mirror_row_is_same(walk->old, walk->now);
	int error = 0;

	if (is_same) {
		walk->now->slot = walk->old->slot;
	} else {
		if (order <= 0) {
			difference->remove_count++;
			error = note_row(&difference->remove[kind], walk->old);
		}
		if (order >= 0 && error == 0)
			error = put_row(walk, kind, difference);
		difference->changed_count += order == 0;
	}
	if (order <= 0) {
		walk->old++;
		walk->old_left--;
	}
	if (order >= 0) {
		walk->now++;
		walk->now_left--;
	}
	return error;
}

int mirror_difference_add(const struct block *old_rows, struct block *rows, enum mirror_kind kind,
                          size_t limit, uint32_t *next_slot, struct mirror_difference *difference)
{
	struct walk walk = {
		.old = (const void *)old_rows->data,
		.old_left = old_rows->size / sizeof(struct mirror_row),
		.now = (void *)rows->data,
		.now_left = rows->size / sizeof(struct mirror_row),
		.next_slot = *next_slot,
	};
	int error = 0;

	while ((walk.old_left > 0 || walk.now_left > 0) && error == 0) {
		error = step(&walk, kind, difference);
		if (difference->put_count + difference->remove_count > limit)
			error = -EFBIG;
	}
	*next_slot = walk.next_slot;
	return error;
}

int mirror_difference_make(const struct xdp_mirror_state *state, struct mirror_rows *rows,
                           size_t limit, struct mirror_difference *ret_difference)
{
	struct mirror_difference difference = {};
	uint32_t next_slot = state->live.shared->slot_count + 1;
	int error = 0;

	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT && error == 0; kind++)
		error = mirror_difference_add(&state->rows.kinds[kind], &rows->kinds[kind], kind,
		                              limit, &next_slot, &difference);
	if (error == 0)
		*ret_difference = difference;
	else
		mirror_difference_close(&difference);
	return error;
}

static const struct mirror_row *rows_of(const struct block *block, size_t *ret_count)
{
	*ret_count = block->size / sizeof(struct mirror_row);
	return (const struct mirror_row *)(void *)block->data;
}

static bool has_room(const struct xdp_mirror_state *state,
                     const struct mirror_difference *difference)
{
	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT; kind++) {
		size_t present, added;

		(void)mirror_rows_get(&state->rows, kind, &present);
		(void)rows_of(&difference->put[kind], &added);
		if (!mirror_set_has_room(&state->live, kind, present, added))
			return false;
	}
	return true;
}

static int put(struct mirror_set *set, const struct mirror_difference *difference,
               enum mirror_kind kind, uint32_t epoch)
{
	size_t count;
	const struct mirror_row *rows = rows_of(&difference->put[kind], &count);

	return mirror_set_put(set, kind, rows, count, epoch);
}

// Of rows whose key another has now, only the account changes.
static int remove_rows(struct mirror_set *set, const struct mirror_difference *difference,
                       enum mirror_kind kind)
{
	size_t count, put_left;
	const struct mirror_row *rows = rows_of(&difference->remove[kind], &count);
	const struct mirror_row *now = rows_of(&difference->put[kind], &put_left);
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i++) {
		while (put_left > 0 && mirror_row_compare(kind, now, &rows[i]) < 0) {
			now++;
			put_left--;
		}
		if (put_left > 0 && mirror_row_compare(kind, now, &rows[i]) == 0)
			continue;
		error = mirror_set_remove(set, kind, &rows[i], 1);
		mirror_set_mark(set->shared)->stale_marks++;
	}
	return error;
}

// A veto comes first and goes last: in between more is kept, not less.
static int write_difference(struct mirror_set *set, const struct mirror_difference *difference,
                            uint32_t epoch)
{
	static const enum mirror_kind put_order[] = {MIRROR_VETO, MIRROR_NETWORK, MIRROR_HOST};
	int error = 0;

	for (unsigned i = 0; i < MIRROR_KIND_COUNT && error == 0; i++)
		error = put(set, difference, put_order[i], epoch);
	for (unsigned i = MIRROR_KIND_COUNT; i > 0 && error == 0; i--)
		error = remove_rows(set, difference, put_order[i - 1]);
	return error;
}

static uint64_t changed_digest(uint64_t digest, const struct mirror_difference *difference)
{
	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT; kind++) {
		size_t count;
		const struct mirror_row *rows = rows_of(&difference->remove[kind], &count);

		for (size_t i = 0; i < count; i++)
			digest -= mirror_row_digest(kind, &rows[i]);
		rows = rows_of(&difference->put[kind], &count);
		for (size_t i = 0; i < count; i++)
			digest += mirror_row_digest(kind, &rows[i]);
	}
	return digest;
}

int mirror_change(struct xdp *xdp, struct mirror_difference *difference, struct mirror_rows *rows,
                  uint32_t generation)
{
	struct xdp_mirror_state *state = xdp->mirror;
	struct xdp_set *shared = state->live.shared;
	struct mirror_mark *mark = mirror_set_mark(shared);
	uint32_t epoch = mirror_live_epoch(&xdp->maps);
	uint64_t digest = changed_digest(mark->digest, difference);
	size_t count;
	int error;

	if (!has_room(state, difference))
		return -EFBIG;
	// Whoever finds it so after a crash does not trust what is in.
	__atomic_store_n(&mark->digest, 0, __ATOMIC_SEQ_CST);
	shared->slot_count += (uint32_t)difference->put_count;
	error = write_difference(&state->live, difference, epoch + 1);
	if (error != 0)
		return error;
	shared->hosts = rows->hosts;
	(void)mirror_rows_get(rows, MIRROR_NETWORK, &count);
	shared->networks = count;
	(void)mirror_rows_get(rows, MIRROR_VETO, &count);
	shared->vetoes = count;
	mark->left_out = rows->left_out;
	__atomic_store_n(&mark->digest, digest, __ATOMIC_SEQ_CST);
	mirror_exchange(xdp, &state->live, generation);
	for (unsigned kind = 0; kind < MIRROR_KIND_COUNT; kind++) {
		const struct mirror_carried carried = {
			.old_rows = &difference->remove[kind],
			.rows = &difference->put[kind],
			.old_set = &state->live,
			.epoch = epoch,
		};

		mirror_carry(state, kind, &carried);
	}
	mirror_rows_close(&state->rows);
	state->rows = *rows;
	*rows = (struct mirror_rows){};
	return 0;
}
