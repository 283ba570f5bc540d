#include "loader/csv_map.h"

#include <stdlib.h>
#include <strings.h>

#include "loader/csv_field.h"

static const char *const role_names[CSV_ROLE_COUNT] = {
	[CSV_VALUE] = "value",
	[CSV_ADDRESS] = "ip",
	[CSV_NAME] = "domain",
	[CSV_URL] = "url",
	[CSV_HASH] = "hash",
	[CSV_RANGE_FIRST] = "range-first",
	[CSV_RANGE_LAST] = "range-last",
	[CSV_PORT] = "port",
	[CSV_TYPE] = "type",
	[CSV_THREAT_TYPE] = "threat",
	[CSV_LABEL] = "label",
	[CSV_CONFIDENCE] = "confidence",
	[CSV_TLP] = "tlp",
	[CSV_CREATED] = "created",
	[CSV_VALID_FROM] = "valid-from",
	[CSV_VALID_UNTIL] = "valid-until",
	[CSV_DESCRIPTION] = "description",
	[CSV_REPORT] = "report",
	[CSV_OPERATION] = "operation",
};

static const struct {
	const char *name;
	uint8_t separator;
} separators[] = {
	{"comma", ','}, {"semicolon", ';'}, {"tab", '\t'}, {"pipe", '|'}, {"space", ' '},
};

static bool parse_separator(struct slice value, uint8_t *ret_separator)
{
	if (value.size == 1 && value.data[0] != '"' && value.data[0] != '\n') {
		*ret_separator = value.data[0];
		return true;
	}
	for (size_t i = 0; i < sizeof(separators) / sizeof(separators[0]); i++) {
		if (!slice_is(value, separators[i].name))
			continue;
		*ret_separator = separators[i].separator;
		return true;
	}
	return false;
}

static const char *add_column(struct csv_map *map, struct slice key, struct slice value)
{
	struct csv_map_entry entry = {.name = value};

	while (entry.role < CSV_ROLE_COUNT &&
	       (role_names[entry.role] == NULL || !slice_is(key, role_names[entry.role])))
		entry.role++;
	if (entry.role == CSV_ROLE_COUNT)
		return "not something that a column can mean";
	if (value.size == 0)
		return "no column behind '='";
	bool is_number = value.data[0] >= '0' && value.data[0] <= '9';
	if (is_number &&
	    (!csv_field_number(value, CSV_FIELDS_MAX, &entry.column) || entry.column == 0))
		return "columns are numbered from 1 to 64";
	if (map->entry_count == CSV_MAP_ENTRIES_MAX)
		return "too many columns";
	map->has_names |= !is_number;
	map->entries[map->entry_count++] = entry;
	return NULL;
}

static const char *add_entry(struct csv_map *map, struct slice key, struct slice value)
{
	if (slice_is(key, "skip"))
		return csv_field_number(value, CSV_MAP_SKIP_MAX, &map->skip)
		               ? NULL
		               : "skip takes a number of lines, at most 1000";
	if (slice_is(key, "separator"))
		return parse_separator(value, &map->separator)
		               ? NULL
		               : "a separator is one byte, or comma, semicolon, tab, pipe, space";
	return add_column(map, key, value);
}

static bool names_values(const struct csv_map *map)
{
	bool has_first = false;
	bool has_last = false;

	for (unsigned i = 0; i < map->entry_count; i++) {
		if (map->entries[i].role >= CSV_VALUE && map->entries[i].role <= CSV_HASH)
			return true;
		has_first |= map->entries[i].role == CSV_RANGE_FIRST;
		has_last |= map->entries[i].role == CSV_RANGE_LAST;
	}
	return has_first && has_last;
}

bool csv_map_parse(struct slice text, struct csv_map *ret_map, const char **ret_wrong,
                   struct slice *ret_where)
{
	struct csv_map map = {0};
	struct slice rest = text;

	while (rest.size > 0) {
		struct slice entry = slice_first(rest, slice_find(rest, ','));

		if (slice_is(slice_trim(entry), "separator=") && entry.size < rest.size)
			entry = slice_first(rest, entry.size + 1); // a comma
		rest = slice_from(rest, entry.size + 1);

		size_t equals = slice_find(entry, '=');
		struct slice value = slice_from(entry, equals + 1);
		bool is_separator = slice_is(slice_trim(slice_first(entry, equals)), "separator");
		*ret_where = entry;
		*ret_wrong = equals == entry.size
		                     ? "an entry is a meaning, '=' and a column"
		                     : add_entry(&map, slice_trim(slice_first(entry, equals)),
		                                 is_separator ? value : slice_trim(value));
		if (*ret_wrong != NULL)
			return false;
	}
	if (!names_values(&map)) {
		*ret_where = text;
		*ret_wrong = "no column of values: value, ip, domain, url, hash, or a range";
		return false;
	}
	*ret_map = map;
	return true;
}

static bool has_name(struct slice field, struct slice name)
{
	while (field.size > 0 && (field.data[0] == '#' || field.data[0] == ' '))
		field = slice_from(field, 1);
	return field.size == name.size &&
	       strncasecmp((const char *)field.data, (const char *)name.data, name.size) == 0;
}

// The column's number from 0 on, or CSV_FIELDS_MAX.
static unsigned column_of(const struct csv_map_entry *entry, const struct csv_record *header)
{
	if (entry->column > 0)
		return entry->column - 1;
	for (unsigned i = 0; header != NULL && i < header->field_count; i++)
		if (has_name(header->fields[i], entry->name))
			return i;
	return CSV_FIELDS_MAX;
}

static bool assign(const struct csv_map *map, const struct csv_record *header,
                   struct csv_columns *columns, const char **ret_wrong, struct slice *ret_where)
{
	for (unsigned i = 0; i < map->entry_count; i++) {
		unsigned column = column_of(&map->entries[i], header);

		*ret_where = map->entries[i].name;
		*ret_wrong = column == CSV_FIELDS_MAX ? "no column of that name in the header"
		             : columns->roles[column] != CSV_IGNORED
		                     ? "a column that means two things"
		                     : NULL;
		if (*ret_wrong != NULL)
			return false;
		columns->roles[column] = map->entries[i].role;
		if (column >= columns->column_count)
			columns->column_count = column + 1;
	}
	return true;
}

static struct slice pass_lines(struct slice text, unsigned count)
{
	while (count-- > 0)
		text = slice_from(text, slice_find(text, '\n') + 1);
	return text;
}

bool csv_map_columns(const struct csv_map *map, struct slice head, struct csv_columns *ret_columns,
                     size_t *ret_data, const char **ret_wrong, struct slice *ret_where)
{
	struct csv_columns columns = {.is_by_content = !map->has_names};
	struct csv_record *header = malloc(sizeof(*header));
	struct slice rest = pass_lines(head, map->skip);
	bool is_right;

	*ret_wrong = "no memory";
	if (header == NULL)
		return false;
	columns.separator = map->separator != 0 ? map->separator : csv_columns_separator(rest);
	if (map->has_names)
		rest = slice_from(rest, csv_record_parse(rest, columns.separator, header));
	is_right = assign(map, map->has_names ? header : NULL, &columns, ret_wrong, ret_where);
	free(header);
	if (!is_right)
		return false;
	*ret_columns = columns;
	*ret_data = (size_t)(rest.data - head.data);
	return true;
}
