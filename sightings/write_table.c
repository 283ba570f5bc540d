// The hits as a table for people: a line per indicator and value, in order of first seen.
#include "sightings/sightings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "sightings/observable_text.h"
#include "sightings/state.h"
#include "sightings/table_layout.h"
#include "sightings/table_rows.h"
#include "sightings/table_text.h"

enum { FLUSH_BYTES = 64 * 1024 };

#define BOLD   "\x1b[1m"
#define DIM    "\x1b[2m"
#define NORMAL "\x1b[0m"

struct writer {
	const struct sightings *sightings;
	const struct table_options *options;
	FILE *file;
	struct table_layout layout;
	struct buffer cells[COLUMN_COUNT];
	struct buffer text;
	uint64_t rows;
	uint64_t rows_left_out;
	uint64_t hits_left_out;
};

static void fill_time(struct buffer *cell, int64_t time_ns)
{
	char text[TIMESTAMP_TEXT_BYTES];

	// "2016-01-20T12:31:12Z" reads better as "2016-01-20 12:31:12".
	timestamp_format(time_ns, 0, text);
	text[strcspn(text, "T")] = ' ';
	text[strcspn(text, "Z")] = '\0';
	buffer_append_text(cell, text);
}

static void fill_where(struct buffer *cell, const struct table_row *row)
{
	unsigned others = (unsigned)__builtin_popcount(row->wheres) - 1;

	buffer_append_text(cell, observable_where_name(row->first.observable.where));
	if (others > 0)
		buffer_format(cell, " +%u", others);
}

// Alert, which is usual, goes without saying.
static void fill_action(struct buffer *cell, const struct hit *hit)
{
	if (hit->is_vetoed)
		buffer_append_text(cell, "alert (drop vetoed)");
	else if (hit->action != ACTION_ALERT)
		buffer_append_text(cell, action_name(hit->action));
}

// "(expired)" is at the end, which is not cut away.
static void fill_indicator(struct buffer *cell, const struct indicator *indicator,
                           enum validity validity)
{
	if (indicator->name.size > 0)
		table_text_append(cell, indicator->name);
	else
		table_text_append(cell, indicator->id.size > 0 ? indicator->id : indicator->value);
	if (validity != VALIDITY_VALID)
		buffer_format(cell, " (%s)", state_validity_name(validity));
}

static void fill_threat(struct buffer *cell, struct slice types)
{
	while (types.size > 0) {
		size_t size = slice_find(types, '\n');

		if (cell->size > 0)
			buffer_append_text(cell, ", ");
		table_text_append(cell, slice_first(types, size));
		types = slice_from(types, size + 1);
	}
}

static void fill_source(struct buffer *cell, const struct indicator *indicator)
{
	if (indicator->is_source_hidden)
		buffer_append_text(cell, "(hidden)");
	else
		table_text_append_plain(cell, indicator->source);
	if (indicator->group.size > 0) {
		buffer_append_text(cell, cell->size > 0 ? "/" : "");
		table_text_append_plain(cell, indicator->group);
	}
}

// A file's name, not its path; not defanged, so that it can be copied.
static void fill_capture(struct buffer *cell, const struct writer *writer,
                         const struct origin *origin)
{
	const char *path = state_capture(writer->sightings, origin->capture_id);
	const char *slash = strrchr(path, '/');

	table_text_append_plain(cell, slice_text(slash != NULL ? slash + 1 : path));
	buffer_format(cell, ":%llu", (unsigned long long)origin->packet_number);
}

static void fill_cells(struct writer *writer, const struct table_row *row)
{
	struct buffer *cells = writer->cells;
	struct indicator indicator = {0};
	struct observable_text room;

	(void)database_indicator(writer->sightings->options.database, row->first.indicator_id,
	                         &indicator); // sightings_add() has seen it
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		buffer_clear(&cells[i]);
	fill_time(&cells[COLUMN_FIRST_SEEN], row->first.origin.time_ns);
	buffer_format(&cells[COLUMN_HITS], "%llu", (unsigned long long)row->count);
	table_text_append(&cells[COLUMN_OBSERVABLE],
	                  observable_text(&row->first.observable, &room));
	fill_where(&cells[COLUMN_WHERE], row);
	buffer_append_text(&cells[COLUMN_MATCH], match_kind_name(row->first.kind));
	fill_action(&cells[COLUMN_ACTION], &row->first);
	fill_indicator(&cells[COLUMN_INDICATOR], &indicator, row->validity);
	fill_threat(&cells[COLUMN_THREAT], indicator.threat_types);
	fill_source(&cells[COLUMN_SOURCE], &indicator);
	if (indicator.tlp != TLP_NONE)
		buffer_append_text(&cells[COLUMN_TLP], tlp_name(indicator.tlp));
	fill_capture(&cells[COLUMN_CAPTURE], writer, &row->first.origin);
}

static void append_cell(struct writer *writer, enum table_column column, struct slice cell)
{
	size_t width = writer->layout.widths[column];
	size_t used = table_text_width(cell);

	if (column == COLUMN_HITS && used < width) {
		for (size_t i = used; i < width; i++)
			buffer_append_byte(&writer->text, ' ');
		buffer_append_slice(&writer->text, cell);
		return;
	}
	table_text_fit(&writer->text, cell, width);
}

// A line, without spaces at its end.
static void append_line(struct writer *writer, const struct slice cells[COLUMN_COUNT])
{
	struct buffer *text = &writer->text;
	bool is_first = true;

	for (unsigned i = 0; i < COLUMN_COUNT; i++) {
		if (writer->layout.widths[i] == 0)
			continue;
		for (unsigned gap = 0; !is_first && gap < TABLE_GAP; gap++)
			buffer_append_byte(text, ' ');
		append_cell(writer, i, cells[i]);
		is_first = false;
	}
	while (text->size > 0 && text->data[text->size - 1] == ' ')
		text->size--;
}

static void append_title(struct writer *writer)
{
	struct slice cells[COLUMN_COUNT];

	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		cells[i] = slice_text(table_layout_title(i));
	buffer_append_text(&writer->text, writer->options->has_color ? BOLD : "");
	append_line(writer, cells);
	buffer_append_text(&writer->text, writer->options->has_color ? NORMAL "\n" : "\n");
}

static bool is_listed(struct writer *writer)
{
	return writer->options->hits_max == 0 || writer->rows < writer->options->hits_max;
}

static int measure(void *context, const struct table_row *row)
{
	struct writer *writer = context;

	if (!is_listed(writer))
		return 0;
	writer->rows++;
	fill_cells(writer, row);
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		table_layout_want(&writer->layout, i,
		                  table_text_width(buffer_slice(&writer->cells[i])));
	return 0;
}

static int write_row(void *context, const struct table_row *row)
{
	struct writer *writer = context;
	bool is_dim = writer->options->has_color && row->validity != VALIDITY_VALID;
	struct slice cells[COLUMN_COUNT];

	if (!is_listed(writer)) {
		writer->rows_left_out++;
		writer->hits_left_out += row->count;
		return 0;
	}
	writer->rows++;
	fill_cells(writer, row);
	for (unsigned i = 0; i < COLUMN_COUNT; i++) {
		if (writer->cells[i].failed)
			return -ENOMEM;
		cells[i] = buffer_slice(&writer->cells[i]);
	}
	buffer_append_text(&writer->text, is_dim ? DIM : "");
	append_line(writer, cells);
	buffer_append_text(&writer->text, is_dim ? NORMAL "\n" : "\n");
	return writer->text.size >= FLUSH_BYTES ? state_flush(&writer->text, writer->file) : 0;
}

static int write_rows(struct writer *writer, struct table_rows *rows)
{
	int error = table_rows_each(rows, measure, writer);

	if (error < 0 || writer->rows == 0)
		return error;
	table_layout_fit(&writer->layout, writer->options->width);
	append_title(writer);
	writer->rows = 0;
	error = table_rows_each(rows, write_row, writer);
	if (error < 0)
		return error;
	if (writer->hits_left_out > 0)
		buffer_format(&writer->text, "and %llu more hits on %llu more lines\n",
		              (unsigned long long)writer->hits_left_out,
		              (unsigned long long)writer->rows_left_out);
	return state_flush(&writer->text, writer->file);
}

int sightings_write_table(struct sightings *sightings, FILE *file,
                          const struct table_options *options)
{
	AUTO(table_rows) rows = NULL;
	struct writer writer = {.sightings = sightings, .options = options, .file = file};
	int error = table_rows_create(sightings, &rows);

	if (error == 0)
		error = write_rows(&writer, rows);
	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		buffer_close(&writer.cells[i]);
	buffer_close(&writer.text);
	return error;
}
