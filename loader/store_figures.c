// Hits of votes, and what a person promoted on them.
#include "loader/store_figures.h"

#include <errno.h>
#include <time.h>

#include "loader/store_history.h"
#include "loader/store_internal.h"
#include "loader/store_row.h"
#include "loader/value_code.h"

#define NS_PER_DAY (86400 * NS_PER_S)

static int add_hits(struct store_query *query, const struct vote_hits *hits)
{
	int64_t day = hits->first_ns / NS_PER_DAY - (hits->first_ns % NS_PER_DAY < 0);

	store_query_number(query, 1, (int64_t)hits->vote_id);
	store_query_number(query, 2, day);
	store_query_number(query, 3, (int64_t)hits->count);
	store_query_number(query, 4, hits->first_ns);
	store_query_number(query, 5, hits->last_ns);
	return store_query_run(query);
}

int store_hits_add(struct store *store, const struct vote_hits hits[], size_t count)
{
	AUTO_QUERY query = {};
	int error = store_begin(store);

	if (error < 0)
		return error;
	error = store_query_begin(store, SQL_HITS_ADD, &query);
	for (size_t i = 0; i < count && error == 0; i++)
		error = add_hits(&query, &hits[i]);
	return store_end(store, error);
}

int store_hits_each(struct store *store, int64_t from_ns,
                    int (*visit)(void *context, const struct vote_hits *hits), void *context)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_HITS_EACH, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, from_ns);
	while ((result = store_query_step(&query)) == 1) {
		const struct vote_hits hits = {
			.vote_id = (uint64_t)store_query_get_number(&query, 0),
			.count = (uint64_t)store_query_get_number(&query, 1),
			.first_ns = store_query_get_number(&query, 2),
			.last_ns = store_query_get_number(&query, 3),
		};

		result = visit(context, &hits);
		if (result < 0)
			return result;
	}
	return result;
}

// ---- promotion ----

static int note_source(void *context, const struct vote *vote)
{
	*(uint32_t *)context = vote->source_id;
	return 0;
}

static int promote(struct store *store, uint64_t vote_id, bool is_promoted)
{
	uint32_t changed_id = (uint32_t)vote_id;
	AUTO_QUERY query = {};
	int error = store_query_begin(store, is_promoted ? SQL_PROMOTE : SQL_DEMOTE, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, (int64_t)vote_id);
	error = store_query_run(&query);
	return error == 0 ? store_change_put(store, &changed_id, 1) : error;
}

int store_promote_within(struct store *store, uint64_t vote_id, bool is_promoted, const char *who,
                         const char *why)
{
	struct store_event event = {
		.who = who,
		.what = is_promoted ? "promoted" : "demoted",
		.vote_id = vote_id,
		.why = why,
	};
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	event.time_ns = now.tv_sec * NS_PER_S + now.tv_nsec;
	int error = store_vote_get(store, vote_id, note_source, &event.source_id);
	if (error == 0)
		error = promote(store, vote_id, is_promoted);
	return error == 0 ? store_event_add(store, &event) : error;
}

int store_promote(struct store *store, uint64_t vote_id, bool is_promoted, const char *who,
                  const char *why)
{
	int error = store_begin(store);

	if (error < 0)
		return error;
	return store_end(store, store_promote_within(store, vote_id, is_promoted, who, why));
}

int store_promoted_each(struct store *store, int (*visit)(void *context, uint64_t vote_id),
                        void *context)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_PROMOTED_EACH, &query);

	if (result < 0)
		return result;
	while ((result = store_query_step(&query)) == 1) {
		result = visit(context, (uint64_t)store_query_get_number(&query, 0));
		if (result < 0)
			return result;
	}
	return result;
}
