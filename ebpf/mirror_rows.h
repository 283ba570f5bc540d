// ebpf/mirror_rows.h — a database's drops as the program's maps can say them.
//
// Made by xdp_mirror() from what database_each_drop() and database_each_veto() visit, by one
// thread; freed by whoever made it. A row is one key of a set's vetoes, networks or hosts
// (ebpf/maps.h): several drops of one value become one row, and what the maps cannot say is left
// out and counted.
#pragma once

#include <assert.h>
#include <stdint.h>

#include "base/block.h"
#include "engine/drops.h"

enum mirror_kind { MIRROR_VETO, MIRROR_NETWORK, MIRROR_HOST, MIRROR_KIND_COUNT };

struct mirror_row {
	struct prefix prefix; // a host's is /128
	uint8_t protocol;     // 0: any
	uint16_t port;        // 0: any
	// NO_INDICATOR: a veto; a host that is only listed with ports, whose rows follow; the IPv4
	// addresses below an IPv6 network, which is not meant to hold them (`is_hole`).
	uint32_t indicator_id;
	uint32_t slot; // of the set that it is in; 0: none, or not in one yet
	uint8_t has_ports;
	uint8_t is_hole;
	uint16_t reserved;
};
static_assert(sizeof(struct mirror_row) == 32, "a row has no holes");

// All zero is a valid, empty one.
struct mirror_rows {
	struct block kinds[MIRROR_KIND_COUNT]; // struct mirror_row, in the order of drops
	uint64_t hosts;                        // distinct ones
	uint64_t vetoed;                       // networks that hold something of the veto set
	uint64_t left_out;
	int64_t next_change_ns;
};

// Returns 0 (mirror_rows_close) or -ENOMEM.
int mirror_rows_make(const struct database *database, int64_t now_ns, struct mirror_rows *ret_rows);

// Likewise, of some hosts alone, which are distinct.
int mirror_rows_make_of(const struct database *database, const struct address hosts[], size_t count,
                        int64_t now_ns, struct mirror_rows *ret_rows);

void mirror_rows_close(struct mirror_rows *rows);

static inline struct mirror_row *mirror_rows_get(const struct mirror_rows *rows,
                                                 enum mirror_kind kind, size_t *ret_count)
{
	*ret_count = rows->kinds[kind].size / sizeof(struct mirror_row);
	return (struct mirror_row *)(void *)rows->kinds[kind].data;
}

// Of all rows, that is.
size_t mirror_rows_count(const struct mirror_rows *rows);

// Orders rows of a kind by their keys in its map: a trie knows one port of a network, a hash each
// of a host. 0: the same key, though what it says may differ.
int mirror_row_compare(enum mirror_kind kind, const struct mirror_row *a,
                       const struct mirror_row *b);

// Does a map say the same for both, which have one key?
bool mirror_row_is_same(const struct mirror_row *a, const struct mirror_row *b);

// The same rows have the same, others practically never; 0 is of none. Slots do not count. It is a
// sum, so that a difference is added and subtracted.
uint64_t mirror_rows_digest(const struct mirror_rows *rows);
uint64_t mirror_row_digest(enum mirror_kind kind, const struct mirror_row *row);
