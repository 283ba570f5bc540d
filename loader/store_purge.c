// Retention: what has long been out of validity or withdrawn goes, with its versions and objects.
//
// First it is told and noted, then it is removed, one transaction. That a vote was revoked is kept
// (its `member` row): revoking is for ever.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "loader/store_figures.h"
#include "loader/store_history.h"
#include "loader/store_identity.h"
#include "loader/store_object.h"
#include "loader/store_row.h"
#include "loader/store_sort.h"
#include "loader/value_code.h"

struct purge {
	struct store *store;
	int64_t before_ns;
	bool is_dry;
	store_vote_fn *visit;
	void *context;
	uint64_t vote_count;
	struct block votes;    // store_sort_row: key, {owner and vote, end and source}
	struct block values;   // store_sort_row: value hash, {vote}
	struct block versions; // store_sort_row: vote, {version}
	struct block places;   // uint64_t
};

static int add_row(struct block *rows, uint64_t key, uint64_t first, uint64_t second)
{
	struct store_sort_row *row = block_extend(rows, sizeof(*row));

	if (row == NULL)
		return -ENOMEM;
	*row = (struct store_sort_row){(int64_t)key, {first, second}};
	return 0;
}

static int note_place(struct purge *purge, uint64_t place)
{
	if (place == 0)
		return 0;
	uint64_t *row = block_extend(&purge->places, sizeof(*row));
	if (row == NULL)
		return -ENOMEM;
	*row = place;
	return 0;
}

// The values of one version, and in *ret_hash that of the first.
static int note_values(struct purge *purge, const struct vote *vote, uint64_t *ret_hash)
{
	struct intake_value value;
	size_t cursor = 0;
	int result;

	*ret_hash = 0;
	while ((result = value_code_next(vote->values, &cursor, &value)) == 1) {
		uint64_t value_hash = value_code_hash(purge->store->seed, &value);

		if (*ret_hash == 0)
			*ret_hash = value_hash;
		result = add_row(&purge->values, value_hash, vote->vote_id, 0);
		if (result < 0)
			return result;
	}
	return result;
}

static int note_version(struct purge *purge, const struct vote *vote, uint64_t place)
{
	uint64_t value_hash;
	int error = note_values(purge, vote, &value_hash);

	return error == 0 ? note_place(purge, place) : error;
}

// All older versions of a vote that goes.
static int note_versions(struct purge *purge, uint64_t vote_id)
{
	AUTO_QUERY query = {};
	AUTO_ROW_SOURCES no_sources = {};
	int result = store_query_begin(purge->store, SQL_VERSION_EACH, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, (int64_t)vote_id);
	while ((result = store_query_step(&query)) == 1) {
		struct vote vote;

		result = store_row_read(&query, &no_sources, &vote);
		if (result == 0)
			result = note_version(purge, &vote, store_row_object(&query));
		if (result < 0)
			return result;
	}
	return result;
}

static int note_vote(struct purge *purge, const struct vote *vote, uint64_t place)
{
	uint64_t value_hash;
	uint32_t poster_id = store_identity_poster(purge->store, vote->record.created_by);
	struct store_identity identity = store_identity_of_object(purge->store, vote->record.id,
	                                                          poster_id);
	int error = note_values(purge, vote, &value_hash);

	if (vote->record.id.size == 0)
		identity = store_identity_of_values(purge->store, value_hash, vote->values);
	if (error == 0)
		error = note_place(purge, place);
	if (error == 0 && vote->version > 1)
		error = note_versions(purge, vote->vote_id);
	if (error < 0)
		return error;
	return add_row(&purge->votes, identity.key, (uint64_t)identity.owner << 32 | vote->vote_id,
	               vote->source_id | (uint64_t)vote->end << 32);
}

static bool is_due(const struct purge *purge, const struct vote *vote)
{
	int64_t end_ns = vote->record.valid_until_ns < vote->withdrawn_ns
	                         ? vote->record.valid_until_ns
	                         : vote->withdrawn_ns;

	return end_ns < purge->before_ns;
}

static int look_at_votes(struct purge *purge)
{
	AUTO_QUERY query = {};
	AUTO_ROW_SOURCES sources = {};
	int result = store_row_sources_read(purge->store, &sources);

	if (result == 0)
		result = store_query_begin(purge->store, SQL_VOTE_ALL, &query);
	if (result < 0)
		return result;
	while ((result = store_query_step(&query)) == 1) {
		struct vote vote;

		result = store_row_read(&query, &sources, &vote);
		if (result == 0 && !is_due(purge, &vote))
			continue;
		if (result == 0)
			result = note_vote(purge, &vote, store_row_object(&query));
		if (result == 0 && purge->visit != NULL)
			result = purge->visit(purge->context, &vote);
		if (result < 0)
			return result;
		purge->vote_count++;
	}
	return result;
}

// Older versions of votes that stay. What their values were is forgotten only with the vote: they
// may be those of a version that stays.
static int look_at_versions(struct purge *purge)
{
	AUTO_QUERY query = {};
	int result = store_query_begin(purge->store, SQL_VERSION_BEFORE, &query);

	if (result < 0)
		return result;
	store_query_number(&query, 1, purge->before_ns);
	while ((result = store_query_step(&query)) == 1) {
		result = add_row(&purge->versions, (uint64_t)store_query_get_number(&query, 0),
		                 (uint64_t)store_query_get_number(&query, 2), 0);
		if (result == 0)
			result = note_place(purge, store_row_object(&query));
		if (result < 0)
			return result;
	}
	return result;
}

// Runs a statement for each row, with up to three numbers of it.
static int run_rows(struct purge *purge, enum store_sql sql, const struct block *rows,
                    void (*bind)(struct store_query *query, const struct store_sort_row *row))
{
	const struct store_sort_row *row = (const struct store_sort_row *)rows->data;
	size_t left = rows->size / sizeof(*row); // no pointer to the end: there may be no rows
	AUTO_QUERY query = {};
	int error = store_query_begin(purge->store, sql, &query);

	for (; left > 0 && error == 0; left--, row++) {
		bind(&query, row);
		error = store_query_run(&query);
	}
	return error;
}

static void bind_vote(struct store_query *query, const struct store_sort_row *row)
{
	store_query_number(query, 1, (uint32_t)row->payload[0]);
}

static void bind_version(struct store_query *query, const struct store_sort_row *row)
{
	store_query_number(query, 1, row->key);
	store_query_number(query, 2, (int64_t)row->payload[0]);
}

// That one was revoked stays known: no source has the number 0.
static void bind_member(struct store_query *query, const struct store_sort_row *row)
{
	bool stays = row->payload[1] >> 32 == VOTE_REVOKED;

	store_query_number(query, 1, stays ? 0 : (uint32_t)row->payload[1]);
	store_query_number(query, 2, row->key);
	store_query_number(query, 3, (int64_t)(row->payload[0] >> 32));
}

static void bind_source(struct store_query *query, const struct store_sort_row *row)
{
	bool was_live = row->payload[1] >> 32 == VOTE_LIVE;

	store_query_number(query, 1, was_live ? (uint32_t)row->payload[1] : 0);
}

static int note_changes(struct purge *purge)
{
	const struct store_sort_row *rows = (const struct store_sort_row *)purge->votes.data;
	AUTO_BUFFER ids = {};

	for (uint64_t i = 0; i < purge->vote_count; i++)
		buffer_append(&ids, &(uint32_t){(uint32_t)rows[i].payload[0]}, sizeof(uint32_t));
	return ids.failed ? -ENOMEM
	                  : store_change_put(purge->store, (const uint32_t *)ids.data,
	                                     purge->vote_count);
}

static int compare_places(const void *a, const void *b)
{
	uint64_t first = *(const uint64_t *)a;
	uint64_t second = *(const uint64_t *)b;

	return (first > second) - (first < second);
}

static int remove_objects(struct purge *purge)
{
	uint64_t *places = (uint64_t *)purge->places.data;
	size_t count = purge->places.size / sizeof(*places);
	size_t kept = 0;

	if (count == 0)
		return 0;
	qsort(places, count, sizeof(*places), compare_places);
	for (size_t i = 0; i < count; i++) // a version may have been noted twice
		if (kept == 0 || places[kept - 1] != places[i])
			places[kept++] = places[i];
	return store_object_forget(purge->store, places, kept);
}

static int remove_rows(struct purge *purge)
{
	const struct {
		enum store_sql sql;
		const struct block *rows;
		void (*bind)(struct store_query *query, const struct store_sort_row *row);
	} steps[] = {
		{SQL_PURGE_VERSION, &purge->versions, bind_version},
		{SQL_PURGE_MEMBER, &purge->votes, bind_member},
		{SQL_SOURCE_LOST, &purge->votes, bind_source},
		{SQL_PURGE_VERSIONS, &purge->votes, bind_vote},
		{SQL_PURGE_HITS, &purge->votes, bind_vote},
		{SQL_DEMOTE, &purge->votes, bind_vote},
		{SQL_PURGE_VOTE, &purge->votes, bind_vote},
		{SQL_VALUE_REMOVE, &purge->values, bind_version},
	};
	int error = store_sort(&purge->votes);

	if (error == 0)
		error = store_sort(&purge->values);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]) && error == 0; i++)
		error = run_rows(purge, steps[i].sql, steps[i].rows, steps[i].bind);
	return error == 0 ? store_query_once(purge->store, SQL_PURGE_PAST_VALUES) : error;
}

static int add_event(const struct purge *purge)
{
	struct timespec now;
	char why[96];

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)snprintf(why, sizeof(why), "%llu votes, %llu older versions",
	               (unsigned long long)purge->vote_count,
	               (unsigned long long)(purge->versions.size / sizeof(struct store_sort_row)));
	return store_event_add(purge->store, &(struct store_event){
						     .time_ns = now.tv_sec * NS_PER_S + now.tv_nsec,
						     .who = "purge",
						     .what = "purged",
						     .why = why,
					     });
}

static int run(struct purge *purge)
{
	int error = look_at_votes(purge);

	if (error < 0 || purge->is_dry)
		return error;
	error = look_at_versions(purge);
	if (error == 0)
		error = note_changes(purge);
	if (error == 0)
		error = remove_objects(purge);
	if (error == 0)
		error = remove_rows(purge);
	return error == 0 ? add_event(purge) : error;
}

int store_purge(struct store *store, int64_t before_ns, bool is_dry, store_vote_fn *visit,
                void *context, uint64_t *ret_count)
{
	struct purge purge = {
		.store = store,
		.before_ns = before_ns,
		.is_dry = is_dry,
		.visit = visit,
		.context = context,
	};
	int error = is_dry ? 0 : store_begin(store);

	if (error < 0)
		return error;
	error = run(&purge);
	if (!is_dry)
		error = store_end(store, error);
	block_close(&purge.votes);
	block_close(&purge.values);
	block_close(&purge.versions);
	block_close(&purge.places);
	if (error == 0)
		*ret_count = purge.vote_count;
	return error;
}
