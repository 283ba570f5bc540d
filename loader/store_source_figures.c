// What `stats` says of a source: counted over its votes, and over the values of all.
#include <errno.h>

#include "loader/store_figures.h"
#include "loader/store_internal.h"
#include "loader/store_row.h"
#include "loader/value_code.h"

struct count {
	struct store_figures figures;
	uint32_t source_id;
	int64_t since_ns;
	int64_t now_ns;

	// Of the value at hand, by all that name it.
	uint64_t value_hash;
	bool is_ours;
	bool is_others;
	bool is_known_benign;

	const bool *benign_sources; // by id
	uint32_t source_count;
};

static int count_types(struct count *count, const struct vote *vote)
{
	struct intake_value value;
	size_t cursor = 0;
	int result;

	while ((result = value_code_next(vote->values, &cursor, &value)) == 1)
		count->figures.by_type[value.type]++;
	return result;
}

static int count_vote(void *context, const struct vote *vote)
{
	struct count *count = context;
	struct store_figures *figures = &count->figures;

	figures->added_since += vote->first_seen_ns > count->since_ns && vote->values.size > 0;
	if (vote->end != VOTE_LIVE) {
		figures->withdrawn += vote->values.size > 0;
		figures->withdrawn_since += vote->values.size > 0 &&
		                            vote->withdrawn_ns > count->since_ns;
		return 0;
	}
	figures->expired += vote->record.valid_until_ns <= count->now_ns;
	if (figures->live == 0 || vote->version_ns < figures->oldest_ns)
		figures->oldest_ns = vote->version_ns;
	if (figures->live == 0 || vote->version_ns > figures->newest_ns)
		figures->newest_ns = vote->version_ns;
	figures->live++;
	return count_types(count, vote);
}

static void settle_value(struct count *count)
{
	count->figures.values += count->is_ours;
	count->figures.shared_values += count->is_ours && count->is_others;
	count->figures.known_benign += count->is_ours && count->is_known_benign;
	count->is_ours = count->is_others = count->is_known_benign = false;
}

static int count_value(void *context, const struct value_vote *row)
{
	struct count *count = context;
	bool is_benign = row->source_id < count->source_count &&
	                 count->benign_sources[row->source_id];

	if (row->value_hash != count->value_hash)
		settle_value(count);
	count->value_hash = row->value_hash;
	count->is_ours |= row->source_id == count->source_id;
	count->is_others |= row->source_id != count->source_id && !is_benign;
	count->is_known_benign |= row->source_id != count->source_id && is_benign;
	return 0;
}

static int note_role(void *context, const struct store_source *source)
{
	struct buffer *roles = context;

	while (roles->size <= source->source_id)
		buffer_append_byte(roles, false);
	if (roles->failed)
		return -ENOMEM;
	roles->data[source->source_id] = source->role == SOURCE_KNOWN_BENIGN;
	return 0;
}

static int count_votes(struct store *store, struct count *count)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, SQL_VOTE_EVER_OF_SOURCE, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, count->source_id);
	return store_row_each(&query, count_vote, count);
}

static int count_hits(struct store *store, struct count *count)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(store, SQL_HITS_OF_SOURCE, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, count->source_id);
	store_query_number(&query, 2, count->since_ns);
	result = store_query_step(&query);
	if (result == 1)
		count->figures.hits = (uint64_t)store_query_get_number(&query, 0);
	return result < 0 ? result : 0;
}

int store_source_figures(struct store *store, uint32_t source_id, int64_t since_ns, int64_t now_ns,
                         struct store_figures *ret_figures)
{
	struct count count = {.source_id = source_id, .since_ns = since_ns, .now_ns = now_ns};
	AUTO_BUFFER roles = {};
	int error = store_source_each(store, note_role, &roles);

	count.benign_sources = (const bool *)roles.data;
	count.source_count = (uint32_t)roles.size;
	if (error == 0)
		error = count_votes(store, &count);
	if (error == 0)
		error = store_value_each(store, count_value, &count);
	settle_value(&count);
	if (error == 0)
		error = count_hits(store, &count);
	if (error == 0)
		*ret_figures = count.figures;
	return error;
}
