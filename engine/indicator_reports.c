#include "engine/indicator_reports.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "engine/string_pool.h"

struct report_row {
	uint32_t indicator_id;
	uint32_t order;
	uint32_t text;
};

int indicator_reports_add(struct block *rows, uint32_t indicator_id, uint32_t text)
{
	struct report_row *row = block_extend(rows, sizeof(*row));

	if (row == NULL)
		return -ENOMEM;
	*row = (struct report_row){
		.indicator_id = indicator_id,
		.order = (uint32_t)(rows->size / sizeof(*row)),
		.text = text,
	};
	return 0;
}

static int compare_numbers(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

static int report_compare_text(const void *left, const void *right)
{
	const struct report_row *a = left;
	const struct report_row *b = right;
	int order = compare_numbers(a->indicator_id, b->indicator_id);

	if (order == 0)
		order = compare_numbers(a->text, b->text);
	return order != 0 ? order : compare_numbers(a->order, b->order);
}

static int report_compare_order(const void *left, const void *right)
{
	const struct report_row *a = left;
	const struct report_row *b = right;
	int order = compare_numbers(a->indicator_id, b->indicator_id);

	return order != 0 ? order : compare_numbers(a->order, b->order);
}

// Sorts the rows by indicator and order of adding, the same name once; returns how many stay.
static size_t indicator_reports_sort(struct report_row rows[], size_t count)
{
	size_t kept = 0;

	qsort(rows, count, sizeof(*rows), report_compare_text);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || rows[kept - 1].indicator_id != rows[i].indicator_id ||
		    rows[kept - 1].text != rows[i].text)
			rows[kept++] = rows[i];
	}
	qsort(rows, kept, sizeof(*rows), report_compare_order);
	return kept;
}

int indicator_reports_join(struct block *block, const struct block *strings,
                           int (*set)(void *context, uint32_t indicator_id, struct slice list),
                           void *context)
{
	struct report_row *rows = (struct report_row *)block->data;
	size_t count = block->size / sizeof(*rows);
	struct buffer list = {};
	int error = 0;

	if (count == 0)
		return 0;
	count = indicator_reports_sort(rows, count);
	for (size_t i = 0; i < count && error == 0; i++) {
		if (list.size > 0)
			buffer_append_byte(&list, '\n');
		buffer_append_slice(&list, string_pool_get(block_slice(strings), rows[i].text));
		if (i + 1 < count && rows[i + 1].indicator_id == rows[i].indicator_id)
			continue;
		error = list.failed ? -ENOMEM
		                    : set(context, rows[i].indicator_id, buffer_slice(&list));
		buffer_clear(&list);
	}
	buffer_close(&list);
	return error;
}
