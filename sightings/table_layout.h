// sightings/table_layout.h — which columns a table has, and how wide they are.
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum table_column {
	COLUMN_FIRST_SEEN,
	COLUMN_HITS,
	COLUMN_OBSERVABLE,
	COLUMN_WHERE,
	COLUMN_MATCH,
	COLUMN_ACTION, // only of hits that do more or less than alert
	COLUMN_INDICATOR,
	COLUMN_THREAT,
	COLUMN_SOURCE,
	COLUMN_TLP,
	COLUMN_CAPTURE,
	COLUMN_COUNT,
};

enum { TABLE_GAP = 2 }; // spaces between columns

// Starts as what the cells want, all zero; table_layout_fit() makes it what they get.
struct table_layout {
	size_t widths[COLUMN_COUNT]; // 0: the column is left out
};

const char *table_layout_title(enum table_column column);

// A cell wants `width` columns.
void table_layout_want(struct table_layout *layout, enum table_column column, size_t width);

// Narrows what can be narrowed, and leaves out what matters least, until the table is at most
// `width` wide (0: as wide as it wants). Never below the columns that tell what was seen when.
void table_layout_fit(struct table_layout *layout, size_t width);
