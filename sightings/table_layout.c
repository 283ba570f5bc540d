#include "sightings/table_layout.h"

#include <assert.h>
#include <string.h>

struct column {
	const char *title;
	size_t comfortable; // width below which others are left out instead; 0: cells are not cut
	size_t tight;       // width below which nothing is of use
	bool is_kept;       // is never left out
};

static const struct column columns[] = {
	[COLUMN_FIRST_SEEN] = {"FIRST SEEN (UTC)", 0, 0, true},
	[COLUMN_HITS] = {"HITS", 0, 0, true},
	[COLUMN_OBSERVABLE] = {"OBSERVABLE", 30, 16, true},
	[COLUMN_WHERE] = {"WHERE", 0, 0, false},
	[COLUMN_MATCH] = {"MATCH", 0, 0, false},
	[COLUMN_ACTION] = {"ACTION", 0, 0, false},
	[COLUMN_INDICATOR] = {"INDICATOR", 20, 12, true},
	[COLUMN_THREAT] = {"THREAT", 10, 10, false},
	[COLUMN_SOURCE] = {"SOURCE", 10, 6, true},
	[COLUMN_TLP] = {"TLP", 0, 0, false},
	[COLUMN_CAPTURE] = {"CAPTURE:PACKET", 14, 14, false},
};
static_assert(sizeof(columns) / sizeof(columns[0]) == COLUMN_COUNT, "one entry each");

static const enum table_column least_first[] = {
	COLUMN_THREAT, COLUMN_MATCH, COLUMN_TLP, COLUMN_WHERE, COLUMN_CAPTURE, COLUMN_ACTION,
};

const char *table_layout_title(enum table_column column)
{
	return columns[column].title;
}

void table_layout_want(struct table_layout *layout, enum table_column column, size_t width)
{
	if (layout->widths[column] < width)
		layout->widths[column] = width;
}

static size_t total_width(const struct table_layout *layout)
{
	size_t total = 0;

	for (unsigned i = 0; i < COLUMN_COUNT; i++)
		if (layout->widths[i] > 0)
			total += layout->widths[i] + (total > 0 ? TABLE_GAP : 0);
	return total;
}

static size_t width_min(unsigned column, bool is_tight)
{
	return is_tight ? columns[column].tight : columns[column].comfortable;
}

// The widest of those that can be narrower, so that the long pay first.
static int find_widest(const struct table_layout *layout, bool is_tight)
{
	int widest = -1;

	for (int i = 0; i < COLUMN_COUNT; i++)
		if (width_min(i, is_tight) > 0 && layout->widths[i] > width_min(i, is_tight) &&
		    (widest < 0 || layout->widths[i] > layout->widths[widest]))
			widest = i;
	return widest;
}

static bool narrow(struct table_layout *layout, size_t width, bool is_tight)
{
	while (total_width(layout) > width) {
		int widest = find_widest(layout, is_tight);

		if (widest < 0)
			return false;
		layout->widths[widest]--;
	}
	return true;
}

void table_layout_fit(struct table_layout *layout, size_t width)
{
	// Longer cells are of no use in any terminal, and narrowing goes column by column.
	enum { WIDTH_MAX = 1000 };

	for (unsigned i = 0; i < COLUMN_COUNT; i++) {
		if (layout->widths[i] > 0) // no cell, no column
			table_layout_want(layout, i, strlen(columns[i].title));
		if (width > 0 && layout->widths[i] > WIDTH_MAX)
			layout->widths[i] = WIDTH_MAX;
	}
	if (width == 0)
		return;

	struct table_layout wanted = *layout;
	for (size_t i = 0; i < sizeof(least_first) / sizeof(least_first[0]); i++) {
		if (narrow(layout, width, false))
			return;
		wanted.widths[least_first[i]] = 0;
		*layout = wanted;
	}
	(void)narrow(layout, width, true);
}
