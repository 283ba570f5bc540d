// Reading votes, their values and their objects.
#include <assert.h>
#include <errno.h>

#include "loader/store_object.h"
#include "loader/store_row.h"

static const char *const end_names[] = {
	[VOTE_LIVE] = "live",       [VOTE_ABSENT] = "absent",     [VOTE_DELETED] = "deleted",
	[VOTE_REVOKED] = "revoked", [VOTE_REPLACED] = "replaced", [VOTE_REJECTED] = "rejected",
};
static_assert(sizeof(end_names) / sizeof(end_names[0]) == VOTE_REJECTED + 1, "all named");

const char *vote_end_name(enum vote_end end)
{
	return end_names[end];
}

int store_vote_each(struct store *store, store_vote_fn *visit, void *context)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_VOTE_EACH_LIVE, &query);

	return error < 0 ? error : store_row_each(&query, visit, context);
}

int store_vote_get(struct store *store, uint64_t vote_id, store_vote_fn *visit, void *context)
{
	AUTO_QUERY query = {};
	AUTO_ROW_SOURCES sources = {};
	struct vote vote;
	int result = store_row_sources_read(store, &sources);

	if (result == 0)
		result = store_query_begin(store, SQL_VOTE_GET, &query);
	if (result < 0)
		return result;
	store_query_number(&query, 1, (int64_t)vote_id);
	result = store_query_step(&query);
	if (result <= 0)
		return result < 0 ? result : -ENOENT;
	result = store_row_read(&query, &sources, &vote);
	return result < 0 ? result : visit(context, &vote);
}

int store_vote_of_value(struct store *store, uint64_t value_hash, store_vote_fn *visit,
                        void *context)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_VOTE_OF_VALUE, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, (int64_t)value_hash);
	return store_row_each(&query, visit, context);
}

int store_value_each(struct store *store, int (*visit)(void *context, const struct value_vote *),
                     void *context)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_VALUE_EACH, &query);

	if (result < 0)
		return result;
	while ((result = store_query_step(&query)) == 1) {
		const struct value_vote row = {
			.value_hash = (uint64_t)store_query_get_number(&query, 0),
			.vote_id = (uint64_t)store_query_get_number(&query, 1),
			.source_id = (uint32_t)store_query_get_number(&query, 2),
			.poster_id = (uint32_t)store_query_get_number(&query, 3),
		};

		result = visit(context, &row);
		if (result < 0)
			return result;
	}
	return result;
}

int store_object_at(struct store *store, uint64_t place, struct buffer *json)
{
	return place != 0 ? store_object_read(store, place, json) : -ENOENT;
}

int store_object_of_vote(struct store *store, uint64_t vote_id, struct buffer *json)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_VOTE_GET, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, (int64_t)vote_id);
	result = store_query_step(&query);
	if (result < 0)
		return result;
	uint64_t place = result == 1 ? store_row_object(&query) : 0;
	return store_object_at(store, place, json);
}

int store_object_each(struct store *store,
                      int (*visit)(void *context, uint32_t source_id, struct slice id,
                                   struct slice json),
                      void *context)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_OBJECT_EACH, &query);

	if (result < 0)
		return result;
	while ((result = store_query_step(&query)) == 1) {
		result = visit(context, (uint32_t)store_query_get_number(&query, 0),
		               store_query_get_bytes(&query, 1), store_query_get_bytes(&query, 2));
		if (result < 0)
			return result;
	}
	return result;
}
