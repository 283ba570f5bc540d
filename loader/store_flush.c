// What a delivery leaves for its end: rows of indexes, filled in the order of their keys, because
// a b-tree that is filled in random order writes each of its pages again and again.
#include <errno.h>

#include "loader/store_delivery_internal.h"
#include "loader/store_sort.h"

#define VALUE_IS_PAST (UINT64_C(1) << 63)

static int add_row(struct block *rows, int64_t key, uint64_t first, uint64_t second)
{
	struct store_sort_row *row = block_extend(rows, sizeof(*row));

	if (row == NULL)
		return -ENOMEM;
	*row = (struct store_sort_row){key, {first, second}};
	return 0;
}

int store_flush_note_member(struct store_delivery *delivery, const struct store_member *member)
{
	return add_row(&delivery->member_rows, (int64_t)member->key,
	               (uint64_t)member->owner << 32 | member->vote_id,
	               (uint64_t)member->content << 8 | member->end);
}

int store_flush_note_value(struct store_delivery *delivery, uint64_t value_hash, uint32_t vote_id,
                           uint32_t poster_id, bool is_there)
{
	return add_row(&delivery->value_rows, (int64_t)value_hash,
	               is_there ? vote_id : vote_id | VALUE_IS_PAST, poster_id);
}

int store_flush_note_change(struct store_delivery *delivery, uint32_t vote_id)
{
	if (delivery->change_count++ >= STORE_CHANGES_MAX)
		return 0;
	void *change = block_extend(&delivery->changes, sizeof(vote_id));
	if (change == NULL)
		return -ENOMEM;
	memcpy(change, &vote_id, sizeof(vote_id));
	return 0;
}

void store_flush_note_all(struct store_delivery *delivery)
{
	delivery->change_count += STORE_CHANGES_MAX + 1;
}

static int flush_members(struct store_delivery *delivery)
{
	AUTO_QUERY query = {};
	int error = store_sort(&delivery->member_rows);

	if (error == 0)
		error = store_query_begin(delivery->store, SQL_MEMBER_PUT, &query);
	if (error < 0)
		return error;
	store_query_number(&query, 1, delivery->options.source_id);
	return store_rows_run(&query, (const struct store_sort_row *)delivery->member_rows.data,
	                      delivery->member_rows.size / sizeof(struct store_sort_row));
}

struct value_queries {
	struct store_query put;
	struct store_query remove;
	struct store_query put_past;
};

static bool is_past(const struct store_sort_row *row)
{
	return (row->payload[0] & VALUE_IS_PAST) != 0;
}

static int flush_past_value(struct value_queries *queries, const struct store_sort_row *row)
{
	int64_t vote_id = (int64_t)(row->payload[0] & ~VALUE_IS_PAST);

	store_query_number(&queries->put_past, 1, row->key);
	store_query_number(&queries->put_past, 2, vote_id);
	store_query_number(&queries->remove, 1, row->key);
	store_query_number(&queries->remove, 2, vote_id);
	int error = store_query_run(&queries->put_past);
	return error == 0 ? store_query_run(&queries->remove) : error;
}

// In their order: a value may go and come back. Those that are there are put many at a time.
static int flush_value_rows(struct value_queries *queries, const struct store_sort_row rows[],
                            size_t count)
{
	size_t done = 0;
	int error = 0;

	while (done < count && error == 0) {
		size_t end = done;

		while (end < count && !is_past(&rows[end]))
			end++;
		error = store_rows_run(&queries->put, rows + done, end - done);
		if (error == 0 && end < count)
			error = flush_past_value(queries, &rows[end]);
		done = end + 1;
	}
	return error;
}

static int flush_values(struct store_delivery *delivery)
{
	struct value_queries queries = {};
	struct store *store = delivery->store;
	int error = store_sort(&delivery->value_rows);

	if (error == 0)
		error = store_query_begin(store, SQL_VALUE_PUT, &queries.put);
	if (error == 0)
		error = store_query_begin(store, SQL_VALUE_REMOVE, &queries.remove);
	if (error == 0)
		error = store_query_begin(store, SQL_PAST_VALUE_PUT, &queries.put_past);

	if (error == 0) {
		store_query_number(&queries.put, 1, delivery->options.source_id);
		error = flush_value_rows(&queries,
		                         (const struct store_sort_row *)delivery->value_rows.data,
		                         delivery->value_rows.size / sizeof(struct store_sort_row));
	}
	store_query_end(&queries.put);
	store_query_end(&queries.remove);
	store_query_end(&queries.put_past);
	return error;
}

int store_flush(struct store_delivery *delivery)
{
	int error = store_objects_flush(&delivery->objects);

	if (error == 0)
		error = flush_members(delivery);
	if (error == 0)
		error = flush_values(delivery);
	if (error == 0)
		error = store_change_put(delivery->store, (const uint32_t *)delivery->changes.data,
		                         delivery->change_count);
	if (error == 0)
		error = store_meta_set(delivery->store, "vote_last", delivery->last_vote_id);
	if (error == 0)
		error = store_meta_set(delivery->store, "block_last",
		                       (int64_t)delivery->objects.next_block_id - 1);
	return error;
}
