// ebpf/mirror_filter.h — the marks of rows in a set's filter (ebpf/filter_bits.h).
#pragma once

#include "ebpf/mirror_set.h"

// Sets sizes and offsets of the filter in `shared` for `rows`; returns how many words it takes.
uint64_t mirror_filter_lay_out(struct xdp_set *shared, const struct mirror_rows *rows);

// Marks a row that is in its map. Returns the flags that the set must have.
uint32_t mirror_filter_mark(struct mirror_set *set, enum mirror_kind kind,
                            const struct mirror_row *row);
