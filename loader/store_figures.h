// loader/store_figures.h — hits of votes, promotion on their evidence, figures of sources,
// retention.
#pragma once

#include "loader/store.h"

struct vote_hits {
	uint64_t vote_id;
	uint64_t count;
	int64_t first_ns, last_ns;
};

// Adds each to the count of its vote's hits on the day of `first_ns`: one transaction.
int store_hits_add(struct store *store, const struct vote_hits hits[], size_t count);

// Hits from `from_ns` on (whole days), summed by vote.
int store_hits_each(struct store *store, int64_t from_ns,
                    int (*visit)(void *context, const struct vote_hits *hits), void *context);

// A person promoted a vote to drop (or took that back), on evidence. Counts as a change, with an
// event. Returns 0, -ENOENT, or an error.
int store_promote(struct store *store, uint64_t vote_id, bool is_promoted, const char *who,
                  const char *why);
int store_promoted_each(struct store *store, int (*visit)(void *context, uint64_t vote_id),
                        void *context);

// Of one source, for `stats`.
struct store_figures {
	uint64_t live, withdrawn, added_since, withdrawn_since, expired;
	uint64_t values, shared_values; // shared: named by another source, too
	uint64_t known_benign;          // values that a list of known-benign ones holds
	uint64_t hits;                  // since
	int64_t oldest_ns, newest_ns;   // version_ns of live votes
	uint64_t by_type[OBSERVABLE_TYPE_COUNT];
};
int store_source_figures(struct store *store, uint32_t source_id, int64_t since_ns, int64_t now_ns,
                         struct store_figures *ret_figures);

// Discards what has been out of validity or withdrawn since before `before_ns`: votes, versions,
// objects; `visit` (may be NULL) is told each first. `is_dry`: only tells.
int store_purge(struct store *store, int64_t before_ns, bool is_dry, store_vote_fn *visit,
                void *context, uint64_t *ret_count);
