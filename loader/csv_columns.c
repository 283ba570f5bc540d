#include "loader/csv_columns.h"

#include <stdlib.h>

#include "base/timestamp.h"
#include "loader/csv_field.h"
#include "loader/text_line.h"
#include "loader/value.h"

enum { ROWS_LOOKED_AT = 32, COLUMNS_MIN = 2 };

static bool is_value_role(enum csv_role role)
{
	return role >= CSV_VALUE && role <= CSV_HASH;
}

// "start" and "end" are a range of addresses only where nothing else is a value; elsewhere they are
// times, most likely.
static bool settle_range(struct csv_columns *columns, bool has_value)
{
	bool has_first = false;
	bool has_last = false;

	for (unsigned i = 0; i < columns->column_count; i++) {
		has_first |= columns->roles[i] == CSV_RANGE_FIRST;
		has_last |= columns->roles[i] == CSV_RANGE_LAST;
	}
	if (!has_value && has_first && has_last)
		return true;
	for (unsigned i = 0; i < columns->column_count; i++)
		if (columns->roles[i] == CSV_RANGE_FIRST || columns->roles[i] == CSV_RANGE_LAST)
			columns->roles[i] = CSV_IGNORED;
	return false;
}

// Beside a column of values, one named "url" or "ip" is context (a reference, a resolution): it
// is not what the row lists. Of equal columns the first counts.
static bool settle_roles(struct csv_columns *columns)
{
	bool has_value = false;
	bool has_typed = false;

	for (unsigned i = 0; i < columns->column_count; i++) {
		if (columns->roles[i] == CSV_VALUE && has_value)
			columns->roles[i] = CSV_IGNORED;
		has_value |= columns->roles[i] == CSV_VALUE;
		has_typed |= is_value_role(columns->roles[i]);
	}
	for (unsigned i = 0; has_value && i < columns->column_count; i++)
		if (columns->roles[i] != CSV_VALUE && is_value_role(columns->roles[i]))
			columns->roles[i] = CSV_IGNORED;
	return settle_range(columns, has_typed) || has_typed;
}

uint8_t csv_columns_separator(struct slice text)
{
	struct slice line = slice_first(text, slice_find(text, '\n'));
	static const uint8_t separators[] = {',', ';', '\t', '|'};
	uint8_t best = ',';
	size_t best_count = 0;

	for (size_t i = 0; i < sizeof(separators); i++) {
		size_t count = 0;

		for (size_t k = 0; k < line.size; k++)
			count += line.data[k] == separators[i];
		if (count > best_count) {
			best_count = count;
			best = separators[i];
		}
	}
	return best;
}

// Headers are words: a row with an address, a URL, a hash or a time is data, though one of its
// fields may say "url".
static bool is_data(struct slice field)
{
	int64_t time_ns;

	switch (csv_field_shape(field)) {
	case SHAPE_ADDRESS:
	case SHAPE_HASH:
	case SHAPE_RANGE:
		return true;
	case SHAPE_URL:
		return slice_find(field, '/') < field.size;
	case SHAPE_NAME:
	case SHAPE_UNMATCHED:
		break;
	}
	return csv_field_time(field, &time_ns);
}

bool csv_columns_from_header(struct slice line, struct csv_columns *ret_columns)
{
	struct csv_columns columns = {0};
	struct csv_record *record = malloc(sizeof(*record));
	bool is_header;

	if (record == NULL)
		return false;
	line = slice_trim(line);
	while (line.size > 0 && (line.data[0] == '#' || line.data[0] == ' '))
		line = slice_from(line, 1);
	if (slice_starts_with(line, "fields\t"))
		line = slice_from(line, strlen("fields\t"));

	columns.separator = csv_columns_separator(line);
	csv_record_parse(line, columns.separator, record);
	columns.column_count = record->field_count;
	is_header = record->field_count >= COLUMNS_MIN;
	for (unsigned i = 0; i < record->field_count; i++) {
		columns.roles[i] = csv_role_by_name(record->fields[i]);
		is_header &= !is_data(record->fields[i]);
	}
	is_header = settle_roles(&columns) && is_header;
	free(record);
	if (is_header)
		*ret_columns = columns;
	return is_header;
}

// What of each column holds for every row looked at.
struct evidence {
	bool is_type[CSV_FIELDS_MAX];
	bool is_time[CSV_FIELDS_MAX];
	bool is_tags[CSV_FIELDS_MAX];
	bool agrees[CSV_FIELDS_MAX][CSV_FIELDS_MAX]; // [column][type column]
	unsigned rows;
};

static bool agrees(struct slice field, struct csv_type type)
{
	static const enum value_shape shapes[] = {
		[VALUE_ADDRESS] = SHAPE_ADDRESS,
		[VALUE_NAME] = SHAPE_NAME,
		[VALUE_URL] = SHAPE_URL,
		[VALUE_HASH] = SHAPE_HASH,
	};

	if (type.reason != NULL || !type.is_known)
		return type.is_known;
	return text_line_looks_like_value(field) &&
	       (type.kind == VALUE_URL || csv_field_shape(field) == shapes[type.kind]);
}

static void gather(struct evidence *evidence, const struct csv_record *record)
{
	int64_t time_ns;

	evidence->rows++;
	for (unsigned i = 0; i < record->field_count; i++) {
		struct slice field = record->fields[i];

		evidence->is_type[i] &= csv_type_by_name(field).is_known;
		evidence->is_time[i] &= csv_field_time(field, &time_ns);
		evidence->is_tags[i] &= field.size == 0 || field.data[0] == '#';
	}
	for (unsigned type = 0; type < record->field_count; type++) {
		if (!evidence->is_type[type])
			continue;
		struct csv_type meant = csv_type_by_name(record->fields[type]);
		for (unsigned i = 0; i < record->field_count; i++)
			evidence->agrees[i][type] &= i != type && agrees(record->fields[i], meant);
	}
}

static bool gather_rows(struct slice rows, struct csv_record *record, struct csv_columns *columns,
                        struct evidence *evidence)
{
	while (rows.size > 0 && evidence->rows < ROWS_LOOKED_AT) {
		struct slice line = slice_trim(slice_first(rows, slice_find(rows, '\n')));

		if (line.size == 0 || line.data[0] == '#') {
			rows = slice_from(rows, slice_find(rows, '\n') + 1);
			continue;
		}
		// A row that the window cuts says nothing.
		if (evidence->rows > 0 && slice_find(rows, '\n') == rows.size)
			break;
		if (evidence->rows == 0)
			columns->separator = csv_columns_separator(line);
		rows = slice_from(rows, csv_record_parse(rows, columns->separator, record));
		if (evidence->rows == 0)
			columns->column_count = record->field_count;
		if (record->field_count != columns->column_count)
			return false;
		gather(evidence, record);
	}
	return evidence->rows > 0 && columns->column_count >= COLUMNS_MIN;
}

// The leftmost column that agrees with the leftmost type column is the value.
static bool choose(const struct evidence *evidence, struct csv_columns *columns)
{
	for (unsigned type = 0; type < columns->column_count; type++) {
		for (unsigned i = 0; evidence->is_type[type] && i < columns->column_count; i++) {
			if (!evidence->agrees[i][type])
				continue;
			columns->roles[type] = CSV_TYPE;
			columns->roles[i] = CSV_VALUE;
			return true;
		}
	}
	return false;
}

bool csv_columns_from_content(struct slice rows, struct csv_columns *ret_columns)
{
	struct csv_columns columns = {.is_by_content = true};
	struct csv_record *record = malloc(sizeof(*record));
	struct evidence *evidence = malloc(sizeof(*evidence));
	bool is_found = false;

	if (record != NULL && evidence != NULL) {
		memset(evidence, 1, sizeof(*evidence));
		evidence->rows = 0;
		is_found = gather_rows(rows, record, &columns, evidence) &&
		           choose(evidence, &columns);
	}
	for (unsigned i = 0; is_found && i < columns.column_count; i++) {
		if (columns.roles[i] != CSV_IGNORED)
			continue;
		if (evidence->is_time[i])
			columns.roles[i] = CSV_CREATED;
		else if (evidence->is_tags[i])
			columns.roles[i] = CSV_LABEL;
	}
	free(record);
	free(evidence);
	if (is_found)
		*ret_columns = columns;
	return is_found;
}

bool csv_columns_fit(const struct csv_columns *columns, struct slice rows)
{
	struct csv_record *record = malloc(sizeof(*record));
	bool fits;

	if (record == NULL)
		return false;
	csv_record_parse(rows, columns->separator, record);
	fits = record->field_count == columns->column_count;
	free(record);
	return fits;
}
