// A virtual table (https://sqlite.org/vtab.html), eponymous: it is there without being created.
#include "loader/store_rows.h"

#include <stdlib.h>

#include "loader/store_internal.h"

// SQLite keeps a copy of each page that a statement changes, until it is done.
enum { ROWS_PER_STATEMENT = 1 << 16 };

struct rows_table {
	sqlite3_vtab base; // first: SQLite's
	const struct store_rows *rows;
};

struct rows_cursor {
	sqlite3_vtab_cursor base; // first: SQLite's
	const struct store_rows *rows;
	size_t at;
};

static int connect_table(sqlite3 *db, void *rows, int argument_count, const char *const arguments[],
                         sqlite3_vtab **ret_table, char **ret_error)
{
	struct rows_table *table;
	int code = sqlite3_declare_vtab(db, "CREATE TABLE x (key INT, first INT, second INT)");

	(void)argument_count;
	(void)arguments;
	(void)ret_error;
	if (code != SQLITE_OK)
		return code;
	table = calloc(1, sizeof(*table));
	if (table == NULL)
		return SQLITE_NOMEM;
	table->rows = rows;
	*ret_table = &table->base;
	return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *table)
{
	free(table);
	return SQLITE_OK;
}

static int plan(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedRows = ROWS_PER_STATEMENT;
	info->estimatedCost = ROWS_PER_STATEMENT;
	return SQLITE_OK;
}

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **ret_cursor)
{
	struct rows_cursor *cursor = calloc(1, sizeof(*cursor));

	if (cursor == NULL)
		return SQLITE_NOMEM;
	cursor->rows = ((struct rows_table *)table)->rows;
	*ret_cursor = &cursor->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor)
{
	free(cursor);
	return SQLITE_OK;
}

static int begin(sqlite3_vtab_cursor *cursor, int number, const char *text, int argument_count,
                 sqlite3_value *arguments[])
{
	(void)number;
	(void)text;
	(void)argument_count;
	(void)arguments;
	((struct rows_cursor *)cursor)->at = 0;
	return SQLITE_OK;
}

static int next(sqlite3_vtab_cursor *cursor)
{
	((struct rows_cursor *)cursor)->at++;
	return SQLITE_OK;
}

static int is_at_end(sqlite3_vtab_cursor *base)
{
	const struct rows_cursor *cursor = (const struct rows_cursor *)base;

	return cursor->at >= cursor->rows->count;
}

static int tell_column(sqlite3_vtab_cursor *base, sqlite3_context *result, int column)
{
	const struct rows_cursor *cursor = (const struct rows_cursor *)base;
	const struct store_sort_row *row = &cursor->rows->rows[cursor->at];

	sqlite3_result_int64(result, column == 0 ? row->key : (int64_t)row->payload[column - 1]);
	return SQLITE_OK;
}

static int tell_number(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret_number)
{
	*ret_number = (sqlite3_int64)((const struct rows_cursor *)cursor)->at;
	return SQLITE_OK;
}

static const sqlite3_module module = {
	.xConnect = connect_table,
	.xBestIndex = plan,
	.xDisconnect = disconnect_table,
	.xOpen = open_cursor,
	.xClose = close_cursor,
	.xFilter = begin,
	.xNext = next,
	.xEof = is_at_end,
	.xColumn = tell_column,
	.xRowid = tell_number,
};

int store_rows_register(struct store *store)
{
	int code = sqlite3_create_module_v2(store->db, "sorted_row", &module, &store->rows, NULL);

	return code == SQLITE_OK ? 0 : store_failure(store, code);
}

int store_rows_run(struct store_query *query, const struct store_sort_row rows[], size_t count)
{
	struct store *store = query->store;
	int error = 0;

	for (size_t i = 0; i < count && error == 0; i += ROWS_PER_STATEMENT) {
		size_t left = count - i;

		store->rows = (struct store_rows){
			rows + i,
			left < ROWS_PER_STATEMENT ? left : ROWS_PER_STATEMENT,
		};
		error = store_query_run(query);
	}
	store->rows = (struct store_rows){};
	return error;
}
