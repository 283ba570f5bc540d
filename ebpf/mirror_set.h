// ebpf/mirror_set.h — one of the sets of maps, open to be written (ebpf/maps.h).
//
// Made by xdp_mirror(); one thread. A row's slot is given by whoever puts it: its number is not
// used again within the set, so that what was counted on its account stays its own.
#pragma once

#include "ebpf/mirror_rows.h"
#include "ebpf/xdp.h"

struct mirror_set {
	const struct xdp_maps *maps; // borrowed
	uint32_t index;
	struct xdp_set *shared;
	int fds[MIRROR_KIND_COUNT];
	uint32_t capacities[MIRROR_KIND_COUNT];
	uint64_t *filter;
	size_t filter_bytes;
	struct xdp_slot *slots;
	size_t slots_bytes;
};

// What xdp_set.mirror holds.
struct mirror_mark {
	uint64_t digest; // mirror_rows_digest() of what is in, or is being filled in; 0: being
	                 // changed
	uint64_t filter_words;
	uint64_t stale_marks; // of the filter, of what was removed since
	uint64_t left_out;
};
static_assert(sizeof(struct mirror_mark) <= sizeof(((struct xdp_set *)0)->mirror), "it fits");

// In the memory that is shared with the program and whoever comes after a crash.
static inline struct mirror_mark *mirror_set_mark(struct xdp_set *shared)
{
	return (struct mirror_mark *)(void *)shared->mirror;
}

// The slot of a row. Its number may have been wrong in memory that others write, too (xdp_set):
// then the first, which is nobody's.
static inline struct xdp_slot *mirror_set_slot(const struct mirror_set *set, uint32_t slot)
{
	return &set->slots[slot < set->slots_bytes / sizeof(*set->slots) ? slot : 0];
}

// Makes new maps for set `index` with room for `rows` and some more, empty, in place of those that
// are there. Returns 0 (mirror_set_close) or an error.
int mirror_set_create(const struct xdp_maps *maps, uint32_t index, const struct mirror_rows *rows,
                      struct mirror_set *ret_set);

// Opens the maps that are there. Returns 0, -ENOENT, or an error.
int mirror_set_open(const struct xdp_maps *maps, uint32_t index, struct mirror_set *ret_set);

// Accepts one that is all zero.
void mirror_set_close(struct mirror_set *set);

// Takes the maps out, so that they are freed: no program uses them any more.
int mirror_set_empty(const struct xdp_maps *maps, uint32_t index);

// Writes rows of a kind, which have their slots: entries first, then their marks in the filter. An
// entry that is there is replaced. Returns 0 or an error; then some of them may be in.
int mirror_set_put(struct mirror_set *set, enum mirror_kind kind, const struct mirror_row rows[],
                   size_t count, uint32_t generation);

// Takes entries out. Their marks stay, since others may share them: what they let pass is a
// candidate, and not found. One that is not there is no error.
int mirror_set_remove(struct mirror_set *set, enum mirror_kind kind, const struct mirror_row rows[],
                      size_t count);

// Does it have room for `added` more rows of the kind, beside those it has?
bool mirror_set_has_room(const struct mirror_set *set, enum mirror_kind kind, size_t present,
                         size_t added);

// Appends what is in the maps, in the order of rows. Returns 0, -ENOMEM or an error.
int mirror_set_read(const struct mirror_set *set, struct mirror_rows *rows);

// Of the maps' memory, about.
uint64_t mirror_set_map_bytes(const struct mirror_set *set);
