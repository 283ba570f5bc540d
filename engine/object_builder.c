#include "engine/object_builder.h"

#include <errno.h>
#include <stdlib.h>

#include "base/block.h"
#include "engine/entry_sort.h"
#include "engine/indicator.h"
#include "engine/object_format.h"
#include "engine/object_spool.h"

struct object_builder {
	struct block rows;       // struct object_row
	struct block ids;        // uint64_t, as in the index
	struct block indicators; // likewise
	struct object_spool *spool;
};

int object_builder_create(struct object_builder **ret_builder)
{
	AUTO(object_builder) builder = calloc(1, sizeof(*builder));

	if (builder == NULL || object_spool_create(&builder->spool) != 0)
		return -ENOMEM;
	*ret_builder = TAKE(builder);
	return 0;
}

void object_builder_free(struct object_builder *builder)
{
	if (builder == NULL)
		return;
	block_close(&builder->rows);
	block_close(&builder->ids);
	block_close(&builder->indicators);
	object_spool_free(builder->spool);
	free(builder);
}

static size_t row_count(const struct object_builder *builder)
{
	return builder->rows.size / sizeof(struct object_row);
}

static int index_add(struct block *index, uint32_t key, uint32_t row_number)
{
	uint64_t *entry = block_extend(index, sizeof(*entry));

	if (entry == NULL)
		return -ENOMEM;
	*entry = (uint64_t)key << 32 | row_number;
	return 0;
}

int object_builder_keep(struct object_builder *builder, uint32_t indicator_id, struct slice id,
                        struct slice json)
{
	uint32_t row_number = (uint32_t)row_count(builder);
	struct object_place place;
	struct object_row *row;

	if (id.size > OBJECT_ID_BYTES_MAX || json.size > OBJECT_BYTES_MAX - OBJECT_ID_BYTES_MAX ||
	    row_number >= INT32_MAX)
		return -EFBIG;
	int error = object_spool_add(builder->spool, id, json, &place);
	if (error < 0)
		return error;
	row = block_extend(&builder->rows, sizeof(*row));
	if (row == NULL)
		return -ENOMEM;
	*row = (struct object_row){
		.block = place.block,
		.offset = place.offset,
		.json_bytes = (uint32_t)json.size,
		.id_bytes = (uint32_t)id.size,
	};
	error = index_add(&builder->ids, object_id_key(id), row_number);
	if (error == 0 && indicator_id != NO_INDICATOR)
		error = index_add(&builder->indicators, indicator_id, row_number);
	return error;
}

static uint64_t index_key(const void *entry)
{
	return *(const uint64_t *)entry;
}

static int index_compare(const void *left, const void *right, void *context)
{
	uint64_t a = index_key(left);
	uint64_t b = index_key(right);

	(void)context;
	return (a > b) - (a < b);
}

static bool index_is_sorted(const struct block *index)
{
	const uint64_t *entries = (const uint64_t *)index->data;

	for (size_t i = 1; i < index->size / sizeof(*entries); i++)
		if (entries[i - 1] > entries[i])
			return false;
	return true;
}

// Indicators come in the order of their ids.
static int index_sort(struct block *index)
{
	const struct entry_order order = {sizeof(uint64_t), index_key, index_compare, NULL};

	return index_is_sorted(index) ? 0 : entry_sort(index, &order);
}

int object_builder_write(struct object_builder *builder, object_write *write, void *context,
                         uint64_t *ret_bytes)
{
	struct slice blocks;
	uint64_t bytes;
	int error = index_sort(&builder->ids);

	if (error == 0)
		error = index_sort(&builder->indicators);
	if (error == 0)
		error = object_spool_finish(builder->spool, &blocks, &bytes);
	if (error < 0)
		return error;

	struct object_header header = {
		.row_count = (uint32_t)row_count(builder),
		.indicator_count = (uint32_t)(builder->indicators.size / sizeof(uint64_t)),
		.block_count = (uint32_t)(blocks.size / sizeof(struct object_block)),
		.compressed_bytes = bytes,
	};
	const struct slice parts[] = {
		slice_of(&header, sizeof(header)),
		block_slice(&builder->rows),
		block_slice(&builder->ids),
		block_slice(&builder->indicators),
		blocks,
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		error = parts[i].size > 0 ? write(context, parts[i].data, parts[i].size) : 0;
		if (error < 0)
			return error;
		bytes += parts[i].size;
	}
	error = object_spool_copy(builder->spool, write, context);
	if (error == 0)
		*ret_bytes = bytes;
	return error;
}
