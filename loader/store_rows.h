// loader/store_rows.h — sorted rows as a table that statements read.
//
// For store*.c only. One statement takes many rows: what SQLite does for each statement, opening,
// seeking from the root, is done once. The table `sorted_row` has the columns key, first and
// second: a struct store_sort_row.
#pragma once

#include <stddef.h>

#include "loader/store_query.h"
#include "loader/store_sort.h"

// What `sorted_row` has; borrowed.
struct store_rows {
	const struct store_sort_row *rows;
	size_t count;
};

// Makes the table known to the connection. Returns 0 or an error.
int store_rows_register(struct store *store);

// Runs the statement, some of the rows at a time.
int store_rows_run(struct store_query *query, const struct store_sort_row rows[], size_t count);
