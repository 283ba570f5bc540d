#include "loader/store_select.h"

#include <errno.h>

#include "loader/store_row.h"

int store_select_of_source(struct store *store, uint32_t source_id, store_vote_fn *visit,
                           void *context)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_VOTE_OF_SOURCE, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, source_id);
	return store_row_each(&query, visit, context);
}

int store_select_known_benign(struct store *store, store_vote_fn *visit, void *context)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_VOTE_KNOWN_BENIGN, &query);

	return error < 0 ? error : store_row_each(&query, visit, context);
}

struct expiry {
	int64_t now_ns;
	int (*visit)(void *context, uint64_t vote_id);
	void *context;
};

static int tell_expired(void *context, const struct vote *vote)
{
	const struct expiry *expiry = context;

	if (vote->record.valid_until_ns > expiry->now_ns)
		return 0;
	return expiry->visit(expiry->context, vote->vote_id);
}

int store_select_expired(struct store *store, int64_t now_ns,
                         int (*visit)(void *context, uint64_t vote_id), void *context)
{
	struct expiry expiry = {now_ns, visit, context};

	return store_vote_each(store, tell_expired, &expiry);
}

int store_select_versions(struct store *store, uint64_t vote_id, store_vote_fn *visit,
                          void *context)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_VERSION_EACH, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, (int64_t)vote_id);
	error = store_row_each(&query, visit, context);
	if (error < 0)
		return error;
	error = store_vote_get(store, vote_id, visit, context);
	return error == -ENOENT ? 0 : error;
}
