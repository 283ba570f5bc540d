#include "loader/store_delivery.h"

#include <errno.h>
#include <stdlib.h>

#include "loader/store_delivery_internal.h"
#include "loader/store_history.h"
#include "loader/store_sort.h"

static int begin_queries(struct store_delivery *delivery)
{
	const struct {
		enum store_sql sql;
		struct store_query *query;
	} queries[] = {
		{SQL_VOTE_INSERT, &delivery->insert_vote},
		{SQL_VOTE_UPDATE, &delivery->update_vote},
		{SQL_VOTE_END, &delivery->end_vote},
		{SQL_VOTE_GET, &delivery->get_vote},
		{SQL_VERSION_PUT, &delivery->put_version},
		{SQL_MEMBER_EACH, &delivery->each_member},
		{SQL_VOTE_BAR, &delivery->bar_vote},
		{SQL_BLOCK_PUT, &delivery->objects.put},
		{SQL_MEMBER_GET, &delivery->get_member},
	};
	int error = 0;

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]) && error == 0; i++) {
		error = store_query_begin(delivery->store, queries[i].sql, queries[i].query);
		queries[i].query->is_writers = true;
	}
	return error;
}

static void end_queries(struct store_delivery *delivery)
{
	store_query_end(&delivery->insert_vote);
	store_query_end(&delivery->update_vote);
	store_query_end(&delivery->end_vote);
	store_query_end(&delivery->get_vote);
	store_query_end(&delivery->put_version);
	store_query_end(&delivery->get_member);
	store_query_end(&delivery->each_member);
	store_query_end(&delivery->bar_vote);
	store_query_end(&delivery->objects.put);
}

static int read_state(struct store_delivery *delivery)
{
	struct store *store = delivery->store;
	struct store_source source;
	int64_t vote_last;
	int64_t block_last;
	int error = store_source_by_id(store, delivery->options.source_id, &source);

	if (error == 0)
		error = store_meta_get(store, "vote_last", &vote_last);
	if (error == 0)
		error = store_meta_get(store, "block_last", &block_last);
	if (error == 0)
		error = store_row_sources_read(store, &delivery->sources);
	if (error < 0)
		return error;
	delivery->last_vote_id = (uint32_t)vote_last;
	delivery->objects.next_block_id = (uint64_t)block_last + 1;
	delivery->last_complete_ns = source.last_complete_ns;
	delivery->counts.live_before = source.live;
	delivery->counts.live_after = source.live;
	return 0;
}

static int start(struct store_delivery *delivery)
{
	int error = read_state(delivery);

	if (error == 0)
		error = begin_queries(delivery);
	if (error == 0)
		error = store_batch_create(&delivery->batches);
	if (error == 0)
		error = task_create(&delivery->objects.task);
	if (error == 0)
		delivery->store->writer = delivery->batches.task;
	// Where nothing is known, that is known quickly, and nothing need be looked up.
	if (error == 0 && delivery->counts.live_before == 0)
		error = store_known_load(delivery);
	return error;
}

int store_delivery_begin(struct store *store, const struct delivery_options *options,
                         struct store_delivery **ret_delivery)
{
	AUTO(store_delivery) delivery = calloc(1, sizeof(*delivery));

	if (delivery == NULL)
		return -ENOMEM;
	int error = store_begin(store);
	if (error < 0)
		return error;
	delivery->store = store;
	store->is_delivering = true;
	delivery->options = *options;
	delivery->sink = (struct sink){
		.ops = &store_sink_ops,
		.takes_known_benign = options->is_known_benign,
		.takes_reports = true,
	};
	error = start(delivery);
	if (error == 0)
		*ret_delivery = TAKE(delivery);
	return error;
}

struct sink *store_delivery_sink(struct store_delivery *delivery)
{
	return &delivery->sink;
}

static uint64_t count_absent(const struct store_delivery *delivery)
{
	const struct store_member *member;
	uint64_t absent = 0;
	size_t cursor = 0;

	while ((member = store_members_next(&delivery->members, &cursor)) != NULL)
		absent += member->end == VOTE_LIVE && !member->is_seen;
	return absent;
}

int store_delivery_settle(struct store_delivery *delivery, struct delivery_counts *ret_counts)
{
	int error = delivery->is_settled ? 0 : store_sink_settle(delivery);

	if (error < 0)
		return error;
	if (!delivery->is_settled && delivery->options.is_complete) {
		error = store_known_load(delivery);
		if (error < 0)
			return error;
		delivery->counts.absent = count_absent(delivery);
		delivery->counts.live_after -= delivery->counts.absent;
	}
	delivery->is_settled = true;
	*ret_counts = delivery->counts;
	return 0;
}

void store_delivery_is_partial(struct store_delivery *delivery)
{
	(void)task_wait(delivery->batches.task); // the helper looks at it
	delivery->options.is_complete = false;
	delivery->counts.live_after += delivery->counts.absent;
	delivery->counts.absent = 0;
}

// Those absent from a complete delivery, in the order in which their rows lie.
static int collect_absent(struct store_delivery *delivery, struct block *rows)
{
	struct store_member *member;
	size_t cursor = 0;

	while ((member = store_members_next(&delivery->members, &cursor)) != NULL) {
		if (member->end != VOTE_LIVE || member->is_seen)
			continue;
		struct store_sort_row *row = block_extend(rows, sizeof(*row));
		if (row == NULL)
			return -ENOMEM;
		*row = (struct store_sort_row){member->vote_id, {(uintptr_t)member}};
	}
	return store_sort(rows);
}

static int withdraw_absent(struct store_delivery *delivery)
{
	uint64_t live_after = delivery->counts.live_after;
	struct block rows = {};
	int error = collect_absent(delivery, &rows);
	const struct store_sort_row *row = (const struct store_sort_row *)rows.data;

	for (size_t left = rows.size / sizeof(*row); left > 0 && error == 0; left--, row++)
		error = store_apply_end(delivery, (struct store_member *)(uintptr_t)row->payload[0],
		                        VOTE_ABSENT, TIMESTAMP_MIN);
	delivery->counts.live_after = live_after; // they were counted before
	block_close(&rows);
	return error;
}

static int update_source(struct store_delivery *delivery)
{
	const struct delivery_counts *counts = &delivery->counts;
	AUTO_QUERY query = {};
	int error = store_query_begin(delivery->store, SQL_SOURCE_DELIVERED, &query);

	if (error < 0)
		return error;
	store_query_number(&query, 1, delivery->options.source_id);
	store_query_number(&query, 2, (int64_t)(counts->live_after - counts->live_before));
	if (delivery->change_count > 0)
		store_query_number(&query, 3, delivery->options.time_ns);
	else
		store_query_null(&query, 3);
	if (delivery->options.is_complete)
		store_query_number(&query, 4, delivery->options.time_ns);
	else
		store_query_null(&query, 4);
	return store_query_run(&query);
}

static int add_event(const struct store_delivery *delivery)
{
	const struct delivery_counts *counts = &delivery->counts;
	AUTO_BUFFER why = {};

	buffer_format(&why,
	              "%llu seen, %llu added, %llu changed, %llu unchanged, %llu outdated, "
	              "%llu removed, %llu absent",
	              (unsigned long long)counts->seen, (unsigned long long)counts->added,
	              (unsigned long long)counts->changed, (unsigned long long)counts->unchanged,
	              (unsigned long long)counts->outdated, (unsigned long long)counts->removed,
	              (unsigned long long)counts->absent);
	buffer_append_byte(&why, '\0');
	if (why.failed)
		return -ENOMEM;
	return store_event_add(delivery->store, &(struct store_event){
							.time_ns = delivery->options.time_ns,
							.who = "sync",
							.what = "delivery",
							.source_id = delivery->options.source_id,
							.why = (const char *)why.data,
						});
}

static int finish(struct store_delivery *delivery)
{
	struct delivery_counts counts;
	int error = store_delivery_settle(delivery, &counts);

	if (error == 0 && delivery->options.is_complete)
		error = withdraw_absent(delivery);
	if (error == 0)
		error = store_flush(delivery);
	if (error == 0)
		error = update_source(delivery);
	return error == 0 ? add_event(delivery) : error;
}

// Ends the transaction: commits when `error` is 0.
static int close_transaction(struct store_delivery *delivery, int error)
{
	if (delivery->store->writer != NULL)
		(void)task_wait(TAKE(delivery->store->writer));
	end_queries(delivery);
	delivery->store->is_delivering = false;
	delivery->is_committed = true;
	return store_end(delivery->store, error);
}

int store_delivery_commit(struct store_delivery *delivery)
{
	return close_transaction(delivery, finish(delivery));
}

void store_delivery_free(struct store_delivery *delivery)
{
	if (delivery == NULL)
		return;
	if (delivery->store != NULL && !delivery->is_committed)
		(void)close_transaction(delivery, -ECANCELED);
	store_batch_close(&delivery->batches);
	store_objects_close(&delivery->objects);
	store_members_close(&delivery->members);
	store_row_sources_close(&delivery->sources);
	block_close(&delivery->member_rows);
	block_close(&delivery->value_rows);
	block_close(&delivery->changes);
	free(delivery);
}
