// loader/judge_sources.h — what counts of each source: the configuration's word before the store's.
//
// A source that the configuration does not name any more keeps what the store remembers. Immutable
// after it was made; texts are its own.
#pragma once

#include "base/arena.h"
#include "base/cleanup.h"
#include "loader/config.h"
#include "loader/store.h"

struct judge_source {
	uint32_t source_id; // 0: there is no such source
	struct slice name;
	struct slice group; // or empty
	enum source_role role;
	uint8_t reliability;
	bool has_same_subdomains;
	bool is_hidden;
};

struct judge_sources {
	struct arena arena;
	struct judge_source *sources; // by source_id
	size_t count;                 // one more than the highest id
};

// Returns 0 and fills *ret_sources (judge_sources_close), -ENOMEM, or the store's error.
int judge_sources_read(struct store *store, const struct config *config,
                       struct judge_sources *ret_sources);

void judge_sources_close(struct judge_sources *sources);

// Of an id that no source has: one that nobody knows anything of.
const struct judge_source *judge_sources_get(const struct judge_sources *sources,
                                             uint32_t source_id);
