#include "engine/overlay_replaced.h"

#include <errno.h>
#include <stdlib.h>

static int compare_store_ids(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left;
	uint64_t b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static int compare_ids(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left;
	uint32_t b = *(const uint32_t *)right;

	return (a > b) - (a < b);
}

// The rows of the store that live additions come from, ascending.
static int collect_store_ids(const struct record_builder *records, struct block *ret_rows)
{
	const uint64_t *store_ids = (const uint64_t *)records->store_ids.data;
	uint64_t *row;

	for (size_t id = 1; id < records->store_ids.size / sizeof(*store_ids); id++) {
		if (store_ids[id] == 0 || !record_builder_is_live(records, (uint32_t)id))
			continue;
		row = block_extend(ret_rows, sizeof(*row));
		if (row == NULL)
			return -ENOMEM;
		*row = store_ids[id];
	}
	if (ret_rows->size > 0)
		qsort(ret_rows->data, ret_rows->size / sizeof(*row), sizeof(*row),
		      compare_store_ids);
	return 0;
}

static int append_id(struct block *replaced, uint32_t id)
{
	uint32_t *last = block_extend(replaced, sizeof(*last));

	if (last == NULL)
		return -ENOMEM;
	*last = id;
	return 0;
}

// Few rows in a base whose rows ascend: each is found by bisection.
static int replace_by_row(const struct database *base, const struct block *rows,
                          struct block *replaced)
{
	const uint64_t *store_ids = (const uint64_t *)rows->data;
	int error = 0;

	for (size_t i = 0; i < rows->size / sizeof(*store_ids) && error == 0; i++) {
		uint32_t id = record_table_find_store_id(&base->records, store_ids[i], true);
		bool is_known = i > 0 && store_ids[i] == store_ids[i - 1];

		if (id == NO_INDICATOR || is_known)
			continue;
		do
			error = append_id(replaced, id++);
		while (error == 0 && record_table_store_id(&base->records, id) == store_ids[i]);
	}
	return error;
}

// Else every indicator of the base is looked for among the rows.
static int replace_by_indicator(const struct database *base, const struct block *rows,
                                struct block *replaced)
{
	size_t count = base->records.store_ids.size / sizeof(uint64_t);
	int error = 0;

	for (size_t id = 1; id < count && error == 0; id++) {
		uint64_t store_id = record_table_store_id(&base->records, id);

		if (bsearch(&store_id, rows->data, rows->size / sizeof(store_id), sizeof(store_id),
		            compare_store_ids) != NULL)
			error = append_id(replaced, (uint32_t)id);
	}
	return error;
}

int overlay_replaced_make(const struct database *base, struct build *additions)
{
	struct block rows = {};
	struct block *replaced = &additions->replaced;
	struct overlay_row *head = block_extend(replaced, sizeof(*head));
	int error = head != NULL ? collect_store_ids(&additions->compiler.records, &rows) : -ENOMEM;

	if (error == 0) {
		memcpy(head->base_build_id, base->header.build_id, sizeof(head->base_build_id));
		if (rows.size > 0)
			error = base->meta.store_ids_ascend != 0
			                ? replace_by_row(base, &rows, replaced)
			                : replace_by_indicator(base, &rows, replaced);
	}
	if (error == 0 && replaced->size > sizeof(*head))
		qsort(replaced->data + sizeof(*head),
		      (replaced->size - sizeof(*head)) / sizeof(uint32_t), sizeof(uint32_t),
		      compare_ids);
	block_close(&rows);
	return error;
}
