// The audit trail.
#include "loader/store_history.h"
#include "loader/store_internal.h"

int store_event_add(struct store *store, const struct store_event *event)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_EVENT_PUT, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, event->time_ns);
	store_query_text(&query, 2, slice_text(event->who));
	store_query_text(&query, 3, slice_text(event->what));
	store_query_number(&query, 4, event->source_id);
	store_query_number(&query, 5, (int64_t)event->vote_id);
	store_query_text(&query, 6, slice_text(event->why));
	return store_query_run(&query);
}

int store_event_each(struct store *store, int64_t from_ns, uint64_t vote_id_or_0,
                     int (*visit)(void *context, const struct store_event *event), void *context)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_EVENT_EACH, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, from_ns);
	store_query_number(&query, 2, (int64_t)vote_id_or_0);
	while ((result = store_query_step(&query)) == 1) {
		const struct store_event event = {
			.event_id = (uint64_t)store_query_get_number(&query, 0),
			.time_ns = store_query_get_number(&query, 1),
			.who = store_query_get_text(&query, 2),
			.what = store_query_get_text(&query, 3),
			.source_id = (uint32_t)store_query_get_number(&query, 4),
			.vote_id = (uint64_t)store_query_get_number(&query, 5),
			.why = store_query_get_text(&query, 6),
		};

		result = visit(context, &event);
		if (result < 0)
			return result;
	}
	return result;
}
