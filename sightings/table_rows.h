// sightings/table_rows.h — hits summed up for people: one row per indicator and value.
#pragma once

#include "sightings/state.h"

struct table_row {
	uint64_t count;
	uint32_t wheres; // bit i: seen at enum observable_where i
	enum validity validity;
	struct hit first; // of its hits, the earliest
};

// Receives the rows in order of first seen; `row` and what it points to live until it returns.
// Returns 0, or an error that ends the visit.
typedef int (*table_row_visit)(void *context, const struct table_row *row);

struct table_rows;

// Sums up all hits. Returns 0 and gives the rows to the caller (table_rows_free), or -ENOMEM, or
// the error of the temporary file.
int table_rows_create(struct sightings *sightings, struct table_rows **ret_rows);

// Accepts NULL.
void table_rows_free(struct table_rows *rows);
DEFINE_AUTO(table_rows, table_rows_free)

// Visits all rows, as often as wanted. Returns 0 or the error.
int table_rows_each(struct table_rows *rows, table_row_visit visit, void *context);
