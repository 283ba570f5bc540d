// loader/csv_map.h — a column map: what the columns of a CSV file mean, as the operator says.
//
// "value=2,type=1,operation=4,skip=1,separator=;": what a column means, '=', its number from 1 on
// or its name in the header. Meanings are those of csv_columns.h. `skip` is the
// number of lines before the data (or before the header, when columns are named); `separator` a
// byte or comma, semicolon, tab, pipe, space.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loader/csv_columns.h"

enum { CSV_MAP_ENTRIES_MAX = 32, CSV_MAP_SKIP_MAX = 1000 };

struct csv_map {
	unsigned entry_count;
	struct csv_map_entry {
		enum csv_role role;
		unsigned column;   // from 1 on, 0: by name
		struct slice name; // into the text
	} entries[CSV_MAP_ENTRIES_MAX];
	unsigned skip;
	uint8_t separator; // 0: found out from the first line
	bool has_names;    // so there is a header
};

// `text` is borrowed as long as the map. True, or false with what is wrong, static, and where.
bool csv_map_parse(struct slice text, struct csv_map *ret_map, const char **ret_wrong,
                   struct slice *ret_where);

// Finds the columns in the first lines of a file, and where its data begin. Errors as above.
bool csv_map_columns(const struct csv_map *map, struct slice head, struct csv_columns *ret_columns,
                     size_t *ret_data, const char **ret_wrong, struct slice *ret_where);
