#include "sightings/table_rows.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "sightings/hit_order.h"

enum { MEMORY_SHARE = 4, MEMORY_MIN = 1024 * 1024 }; // of the memory for hits, for each sorter

struct table_rows {
	struct sorter *hits; // by indicator and value
	struct sorter *rows; // struct table_row and the first hit's text, by first seen
};

static int compare_hits(struct slice a, struct slice b)
{
	struct hit first;
	struct hit second;

	hit_read(a, &first);
	hit_read(b, &second);
	return hit_order_by_value(&first, &second);
}

static struct table_row read_row(struct slice record)
{
	struct table_row row;

	memcpy(&row, record.data, sizeof(row));
	row.first.observable.text = slice_from(record, sizeof(row));
	return row;
}

static int compare_rows(struct slice a, struct slice b)
{
	struct table_row first = read_row(a);
	struct table_row second = read_row(b);

	return hit_order_by_time(&first.first, &second.first);
}

void table_rows_free(struct table_rows *rows)
{
	if (rows == NULL)
		return;
	sorter_free(rows->hits);
	sorter_free(rows->rows);
	free(rows);
}

static int sort_hits(struct table_rows *rows, struct sightings *sightings)
{
	struct hit_reader reader;
	int error = hit_reader_open(sightings, &reader);
	int got = 0;

	while (error == 0 && (got = hit_reader_next(&reader)) > 0)
		error = sorter_add(rows->hits, reader.record);
	hit_reader_close(&reader);
	return error < 0 ? error : got;
}

static int end_row(struct table_rows *rows, const struct table_row *row, const struct buffer *text)
{
	struct buffer record = {0};

	if (row->count == 0)
		return 0;
	buffer_append(&record, row, sizeof(*row));
	buffer_append_slice(&record, buffer_slice(text));

	int error = record.failed ? -ENOMEM : sorter_add(rows->rows, buffer_slice(&record));
	buffer_close(&record);
	return error;
}

static void start_row(struct sightings *sightings, const struct hit *hit, struct table_row *row,
                      struct buffer *text)
{
	struct indicator indicator = {0};

	(void)database_indicator(sightings->options.database, hit->indicator_id,
	                         &indicator); // sightings_add() has seen it
	buffer_clear(text);
	buffer_append_slice(text, hit->observable.text);
	*row = (struct table_row){
		.first = *hit,
		.validity = state_validity(&indicator, hit->origin.time_ns),
	};
	row->first.observable.text = buffer_slice(text);
}

// Within an indicator and value the hits come in order of time.
static int sum_up(struct table_rows *rows, struct sightings *sightings)
{
	AUTO(sorter_cursor) cursor = NULL;
	struct table_row row = {0};
	struct buffer text = {0};
	struct slice record;
	int error = sorter_read(rows->hits, &cursor);
	int got = 0;

	while (error == 0 && (got = sorter_next(cursor, &record)) > 0) {
		struct hit hit;

		hit_read(record, &hit);
		if (row.count == 0 || !hit_order_is_same_value(&row.first, &hit)) {
			error = end_row(rows, &row, &text);
			start_row(sightings, &hit, &row, &text);
		}
		row.count++;
		row.wheres |= UINT32_C(1) << hit.observable.where;
		if (text.failed)
			error = -ENOMEM;
	}
	if (error == 0)
		error = got < 0 ? got : end_row(rows, &row, &text);
	buffer_close(&text);
	return error;
}

int table_rows_create(struct sightings *sightings, struct table_rows **ret_rows)
{
	AUTO(table_rows) rows = calloc(1, sizeof(*rows));
	size_t memory = sightings->options.memory_bytes > 0 ? sightings->options.memory_bytes
	                                                    : SORTER_MEMORY_DEFAULT;
	int error = rows != NULL ? 0 : -ENOMEM;

	memory = memory / MEMORY_SHARE > MEMORY_MIN ? memory / MEMORY_SHARE : MEMORY_MIN;
	if (error == 0)
		error = sorter_create(memory, compare_hits, &rows->hits);
	if (error == 0)
		error = sorter_create(memory, compare_rows, &rows->rows);
	if (error == 0)
		error = sort_hits(rows, sightings);
	if (error == 0)
		error = sum_up(rows, sightings);
	if (error < 0)
		return error;
	*ret_rows = TAKE(rows);
	return 0;
}

int table_rows_each(struct table_rows *rows, table_row_visit visit, void *context)
{
	AUTO(sorter_cursor) cursor = NULL;
	struct slice record;
	int error = sorter_read(rows->rows, &cursor);
	int got = 0;

	while (error == 0 && (got = sorter_next(cursor, &record)) > 0) {
		struct table_row row = read_row(record);

		error = visit(context, &row);
	}
	return error < 0 ? error : got;
}
