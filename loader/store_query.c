#include "loader/store_query.h"

#include "base/task.h"
#include "loader/store_internal.h"
#include "loader/store_sql.h"

// A connection is one thread's at a time: a delivery's helper comes first.
static void wait_for_writer(const struct store *store)
{
	if (store->writer != NULL)
		(void)task_wait(store->writer);
}

int store_query_begin(struct store *store, enum store_sql sql, struct store_query *ret_query)
{
	wait_for_writer(store);

	sqlite3_stmt *statement = TAKE(store->statements[sql]);
	if (statement == NULL) {
		int code = sqlite3_prepare_v3(store->db, store_sql_texts[sql], -1,
		                              SQLITE_PREPARE_PERSISTENT, &statement, NULL);

		if (code != SQLITE_OK)
			return store_failure(store, code);
	}
	*ret_query = (struct store_query){store, sql, statement, false};
	return 0;
}

void store_query_end(struct store_query *query)
{
	if (query->statement == NULL)
		return;
	store_query_reset(query);
	(void)sqlite3_clear_bindings(query->statement);
	if (query->store->statements[query->sql] == NULL)
		query->store->statements[query->sql] = query->statement;
	else
		(void)sqlite3_finalize(query->statement);
	query->statement = NULL;
}

void store_query_number(struct store_query *query, int column, int64_t number)
{
	(void)sqlite3_bind_int64(query->statement, column, number);
}

void store_query_text(struct store_query *query, int column, struct slice text)
{
	const char *data = text.size > 0 ? (const char *)text.data : "";

	(void)sqlite3_bind_text64(query->statement, column, data, text.size, SQLITE_STATIC,
	                          SQLITE_UTF8);
}

void store_query_bytes(struct store_query *query, int column, struct slice bytes)
{
	const void *data = bytes.size > 0 ? (const void *)bytes.data : "";

	(void)sqlite3_bind_blob64(query->statement, column, data, bytes.size, SQLITE_STATIC);
}

void store_query_null(struct store_query *query, int column)
{
	(void)sqlite3_bind_null(query->statement, column);
}

int store_query_step(struct store_query *query)
{
	if (!query->is_writers)
		wait_for_writer(query->store);

	int code = sqlite3_step(query->statement);
	if (code == SQLITE_ROW)
		return 1;
	return code == SQLITE_DONE ? 0 : store_failure(query->store, code);
}

int store_query_run(struct store_query *query)
{
	int result = store_query_step(query);

	store_query_reset(query);
	return result < 0 ? result : 0;
}

void store_query_reset(struct store_query *query)
{
	(void)sqlite3_reset(query->statement); // repeats the error of the last step
}

int64_t store_query_get_number(const struct store_query *query, int column)
{
	return sqlite3_column_int64(query->statement, column);
}

struct slice store_query_get_bytes(const struct store_query *query, int column)
{
	const void *data = sqlite3_column_blob(query->statement, column);

	return slice_of(data, (size_t)sqlite3_column_bytes(query->statement, column));
}

const char *store_query_get_text(const struct store_query *query, int column)
{
	return (const char *)sqlite3_column_text(query->statement, column);
}

bool store_query_is_null(const struct store_query *query, int column)
{
	return sqlite3_column_type(query->statement, column) == SQLITE_NULL;
}

int store_query_once(struct store *store, enum store_sql sql)
{
	AUTO_QUERY query = {};
	int error = store_query_begin(store, sql, &query);

	return error < 0 ? error : store_query_run(&query);
}
