#include "loader/store_row.h"

#include <errno.h>

#include "loader/store_record.h"

enum {
	COLUMN_VOTE_ID,
	COLUMN_SOURCE_ID,
	COLUMN_VERSION,
	COLUMN_FIRST_SEEN,
	COLUMN_AGE,
	COLUMN_WITHDRAWN,
	COLUMN_END,
	COLUMN_FLAGS,
	COLUMN_LAST_SEEN,
	COLUMN_BAR,
	COLUMN_LINE,
	COLUMN_OBJECT,
	COLUMN_RECORD,
};

// Visits store->text's sources: the highest id comes last.
static int keep_source(void *context, const struct store_source *source)
{
	struct store_row_sources *sources = context;
	uint32_t count = source->source_id + 1;
	struct store_row_source *grown = arena_allocate(&sources->arena,
	                                                count * sizeof(*sources->sources));

	if (grown == NULL)
		return -ENOMEM;
	memset(grown, 0, count * sizeof(*grown));
	if (sources->count > 0)
		memcpy(grown, sources->sources, sources->count * sizeof(*grown));
	grown[source->source_id] = (struct store_row_source){
		.name = arena_copy(&sources->arena, slice_text(source->name)),
		.group = arena_copy(&sources->arena, slice_text(source->group)),
		.last_complete_ns = source->last_complete_ns,
	};
	sources->sources = grown;
	sources->count = count;
	return 0;
}

int store_row_sources_read(struct store *store, struct store_row_sources *ret_sources)
{
	return store_source_each(store, keep_source, ret_sources);
}

void store_row_sources_close(struct store_row_sources *sources)
{
	arena_close(&sources->arena);
}

static int64_t time_of(const struct store_query *query, int column, int64_t absent)
{
	return store_query_is_null(query, column) ? absent : store_query_get_number(query, column);
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int store_row_read(const struct store_query *query, const struct store_row_sources *sources,
                   struct vote *ret_vote)
{
	struct vote vote = {
		.vote_id = (uint64_t)store_query_get_number(query, COLUMN_VOTE_ID),
		.source_id = (uint32_t)store_query_get_number(query, COLUMN_SOURCE_ID),
		.version = (uint32_t)store_query_get_number(query, COLUMN_VERSION),
		.first_seen_ns = store_query_get_number(query, COLUMN_FIRST_SEEN),
		.withdrawn_ns = time_of(query, COLUMN_WITHDRAWN, TIMESTAMP_MAX),
		.end = (enum vote_end)store_query_get_number(query, COLUMN_END),
		.is_known_benign = (store_query_get_number(query, COLUMN_FLAGS) &
	                            STORE_VOTE_IS_KNOWN_BENIGN) != 0,
	};
	int error = store_record_read(store_query_get_bytes(query, COLUMN_RECORD), &vote.record,
	                              &vote.values);

	if (error < 0)
		return error;
	vote.version_ns = vote.first_seen_ns + store_query_get_number(query, COLUMN_AGE);
	vote.record.line = (uint64_t)store_query_get_number(query, COLUMN_LINE);
	vote.record.store_id = vote.vote_id;
	vote.object_place = store_row_object(query);
	vote.last_seen_ns = time_of(query, COLUMN_LAST_SEEN, vote.version_ns);
	if (vote.source_id < sources->count) {
		const struct store_row_source *source = &sources->sources[vote.source_id];

		vote.record.source = source->name;
		vote.record.group = source->group;
		if (vote.end == VOTE_LIVE)
			vote.last_seen_ns = later(vote.last_seen_ns, source->last_complete_ns);
	}
	*ret_vote = vote;
	return 0;
}

uint64_t store_row_object(const struct store_query *query)
{
	return (uint64_t)store_query_get_number(query, COLUMN_OBJECT);
}

int64_t store_row_bar_ns(const struct store_query *query)
{
	return time_of(query, COLUMN_BAR, TIMESTAMP_MIN);
}

int store_row_each(struct store_query *query, store_vote_fn *visit, void *context)
{
	AUTO_ROW_SOURCES sources = {};
	int result = store_row_sources_read(query->store, &sources);

	if (result < 0)
		return result;
	while ((result = store_query_step(query)) == 1) {
		struct vote vote;

		result = store_row_read(query, &sources, &vote);
		if (result == 0)
			result = visit(context, &vote);
		if (result < 0)
			return result;
	}
	return result;
}
