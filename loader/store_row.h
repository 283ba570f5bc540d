// loader/store_row.h — a row of votes or versions as a struct vote. For store*.c only.
#pragma once

#include "base/arena.h"
#include "loader/store_internal.h"

enum store_vote_flag { STORE_VOTE_IS_KNOWN_BENIGN = 1 << 0 };

// What a vote's row needs of its source. Read once for a walk.
struct store_row_source {
	struct slice name;
	struct slice group;
	int64_t last_complete_ns;
};
struct store_row_sources {
	struct store_row_source *sources; // by id; NULL: none
	uint32_t count;                   // highest id, and one
	struct arena arena;
};
int store_row_sources_read(struct store *store, struct store_row_sources *ret_sources);
void store_row_sources_close(struct store_row_sources *sources);
#define AUTO_ROW_SOURCES __attribute__((cleanup(store_row_sources_close))) struct store_row_sources

// The row at hand, of STORE_VOTE_COLUMNS; slices are valid until the next step. Returns 0 or
// -EBADMSG.
int store_row_read(const struct store_query *query, const struct store_row_sources *sources,
                   struct vote *ret_vote);
// Where its STIX object is (loader/store_object.h); 0: there is none.
uint64_t store_row_object(const struct store_query *query);
// What is not newer than this does not make it live again; TIMESTAMP_MIN: nothing.
int64_t store_row_bar_ns(const struct store_query *query);

// Visits every row of a query that was begun and bound.
int store_row_each(struct store_query *query, store_vote_fn *visit, void *context);
