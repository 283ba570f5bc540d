// ebpf/mirror_state.h — what xdp_mirror() remembers between two calls, and what its files do for
// each other. One thread, the owner of struct xdp.
#pragma once

#include "ebpf/mirror_rows.h"
#include "ebpf/mirror_set.h"
#include "engine/drops_mark.h"

enum { MIRROR_EPOCHS = 64 };

// The program tells drops with an epoch of the maps, which goes on over restarts; whoever mirrors
// counts generations of its own.
struct mirror_epoch {
	uint32_t epoch;
	uint32_t generation;
};

struct mirror_carried {
	const struct block *old_rows, *rows; // struct mirror_row
	const struct mirror_set *old_set;    // that they were of
	uint32_t epoch;                      // when the old ones were in force
};

// Drops on account of a row that is gone, and were not told yet.
struct mirror_gone {
	struct mirror_row row;
	uint32_t epoch;
	uint32_t reserved;
	struct xdp_count count;
};

struct xdp_mirror_state {
	bool has_looked;         // at what an earlier process left
	struct mirror_set live;  // all zero: none is in force, or it is not known what is in
	struct mirror_rows rows; // of it, with their slots
	struct drops_mark *mark; // of the database that they were made from, or NULL
	int64_t now_ns;          // when
	struct mirror_epoch epochs[MIRROR_EPOCHS];
	unsigned epoch_count; // ever noted
	struct block gone;    // struct mirror_gone
};

// Rows that differ from those in force.
struct mirror_difference {
	struct block put[MIRROR_KIND_COUNT];    // with new slots
	struct block remove[MIRROR_KIND_COUNT]; // with those they had
	size_t put_count, remove_count;
	size_t changed_count; // of both: another indicator has the same key
};

static inline uint32_t mirror_live_epoch(const struct xdp_maps *maps)
{
	return (uint32_t)(__atomic_load_n(&maps->config->live, __ATOMIC_RELAXED) >> 32);
}

// Brings `set` in force, of `generation`: at one instant.
void mirror_exchange(struct xdp *xdp, struct mirror_set *set, uint32_t generation);

// The generation that an epoch was; 0: another process knew.
uint32_t mirror_generation(const struct xdp_mirror_state *state, uint32_t epoch);

// Of rows of a kind of an old set, in order, and those in their place, with slots of
// the set in force: what was counted counts for the row with the same key from now on; of a row
// that is gone, what was not told is kept to be told. What there is no memory for is not told.
void mirror_carry(struct xdp_mirror_state *state, enum mirror_kind kind,
                  const struct mirror_carried *carried);

// Likewise from what may have changed since `state->mark` alone: gives all rows and how they
// differ. Returns 0 (both are to be closed), -ESTALE or -EFBIG (all must be walked), or -ENOMEM.
int mirror_patch_make(const struct xdp_mirror_state *state, const struct database *database,
                      int64_t now_ns, struct mirror_rows *ret_rows,
                      struct mirror_difference *ret_difference);

// Of rows of one kind, in order, some of those in force and what is there now. Adds to
// `difference`, and to *next_slot. Returns as below.
int mirror_difference_add(const struct block *old_rows, struct block *rows, enum mirror_kind kind,
                          size_t limit, uint32_t *next_slot, struct mirror_difference *difference);

// Compares with what is in force, and gives rows that stay their slots. Returns 0
// (mirror_difference_close), -ENOMEM, or -EFBIG when there are more than `limit`.
int mirror_difference_make(const struct xdp_mirror_state *state, struct mirror_rows *rows,
                           size_t limit, struct mirror_difference *ret_difference);
void mirror_difference_close(struct mirror_difference *difference);

// Takes out a set that no program uses any more, but that has counts, of `epoch`.
void mirror_retire(struct xdp *xdp, struct mirror_set *old, const struct mirror_rows *old_rows,
                   uint32_t epoch);

// Likewise of a complete set that nothing is known of.
void mirror_retire_unknown(struct xdp *xdp, uint32_t index);

// Changes the set in force in place; takes `rows` over when it succeeds. Returns 0, -EFBIG when
// the set has no room for it (nothing was done), or an error: then it is not known what is in.
int mirror_change(struct xdp *xdp, struct mirror_difference *difference, struct mirror_rows *rows,
                  uint32_t generation);

// Fills the other set, or what is left of that after a crash, and exchanges the two; takes `rows`
// over when it succeeds. Returns 0, or an error: what was in force stays.
int mirror_replace(struct xdp *xdp, struct mirror_rows *rows, uint32_t generation);
