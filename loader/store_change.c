// Numbers of changes. After "change_floor" each is a row; what came before is not told any more.
#include <errno.h>

#include "loader/store_internal.h"

uint64_t store_change_last(struct store *store)
{
	int64_t last;

	return store_meta_get(store, "change_last", &last) == 0 ? (uint64_t)last : 0;
}

static int visit_ids(struct store_query *query, int (*visit)(void *context, uint64_t vote_id),
                     void *context)
{
	int result;

	while ((result = store_query_step(query)) == 1) {
		result = visit(context, (uint64_t)store_query_get_number(query, 0));
		if (result < 0)
			return result;
	}
	return result;
}

int store_change_each(struct store *store, uint64_t since,
                      int (*visit)(void *context, uint64_t vote_id), void *context)
{
	AUTO_QUERY query = {};
	int64_t floor;
	int result = store_meta_get(store, "change_floor", &floor);

	if (result == 0 && since < (uint64_t)floor)
		return -EOVERFLOW;
	if (result == 0)
		result = store_query_begin(store, SQL_CHANGE_EACH, &query);
	if (result < 0)
		return result;
	store_query_number(&query, 1, (int64_t)since);
	return visit_ids(&query, visit, context);
}

int store_change_of_source(struct store *store, const struct store_change_range *range,
                           int (*visit)(void *context, uint64_t vote_id), void *context)
{
	AUTO_QUERY query = {};
	int64_t floor;
	int error = store_meta_get(store, "change_floor", &floor);

	if (error < 0)
		return error;
	bool is_told = range->since >= (uint64_t)floor;
	error = store_query_begin(store, is_told ? SQL_CHANGE_OF_SOURCE : SQL_CHANGE_EVER_OF_SOURCE,
	                          &query);
	if (error < 0)
		return error;
	store_query_number(&query, 1, range->source_id);
	store_query_number(&query, 2, (int64_t)range->after_vote_id);
	if (is_told)
		store_query_number(&query, 3, (int64_t)range->since);
	return visit_ids(&query, visit, context);
}

static int put_rows(struct store *store, const uint32_t vote_ids[], uint64_t count, int64_t last)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_CHANGE_PUT, &query);

	for (uint64_t i = 0; i < count && error == 0; i++) {
		store_query_number(&query, 1, last + (int64_t)i + 1);
		store_query_number(&query, 2, vote_ids[i]);
		error = store_query_run(&query);
	}
	return error;
}

// Forgets the rows up to `floor`.
static int raise_floor(struct store *store, int64_t floor)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_CHANGE_FORGET, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, floor);
	error = store_query_run(&query);
	return error == 0 ? store_meta_set(store, "change_floor", floor) : error;
}

int store_change_put(struct store *store, const uint32_t vote_ids[], uint64_t count)
{
	int64_t last;
	int64_t floor;
	int error = store_meta_get(store, "change_last", &last);

	if (error == 0)
		error = store_meta_get(store, "change_floor", &floor);
	if (error < 0 || count == 0)
		return error;

	int64_t new_last = last + (int64_t)count;
	if (count <= STORE_CHANGES_MAX)
		error = put_rows(store, vote_ids, count, last);
	// Twice as many are kept, so that forgetting is rare and in bulk.
	if (error == 0 && count > STORE_CHANGES_MAX)
		error = raise_floor(store, new_last);
	else if (error == 0 && new_last - floor > 2 * STORE_CHANGES_MAX)
		error = raise_floor(store, new_last - STORE_CHANGES_MAX);
	return error == 0 ? store_meta_set(store, "change_last", new_last) : error;
}
