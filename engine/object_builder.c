#include "engine/object_builder.h"

#include <errno.h>
#include <stdlib.h>

#include "base/block.h"
#include "engine/entry_sort.h"
#include "engine/indicator.h"
#include "engine/object_format.h"
#include "engine/object_spool.h"

#define NO_NUMBER UINT64_MAX // every row has one

struct object_builder {
	struct block rows;          // struct object_row
	struct block id_keys;       // uint32_t, a row's object_id_key()
	struct block indicator_ids; // uint32_t, a row's, or NO_INDICATOR
	struct block ids;           // uint64_t, the indexes made of these in the end
	struct block indicators;
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
	block_close(&builder->id_keys);
	block_close(&builder->indicator_ids);
	block_close(&builder->ids);
	block_close(&builder->indicators);
	object_spool_free(builder->spool);
	free(builder);
}

static size_t row_count(const struct object_builder *builder)
{
	return builder->rows.size / sizeof(struct object_row);
}

static int append_number(struct block *numbers, uint32_t number)
{
	uint32_t *last = block_extend(numbers, sizeof(*last));

	if (last == NULL)
		return -ENOMEM;
	*last = number;
	return 0;
}

int object_builder_keep(struct object_builder *builder, uint32_t indicator_id, struct slice id,
                        struct slice json)
{
	struct object_place place;
	struct object_row *row;

	if (id.size > OBJECT_ID_BYTES_MAX || json.size > OBJECT_BYTES_MAX - OBJECT_ID_BYTES_MAX ||
	    row_count(builder) >= INT32_MAX)
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
	error = append_number(&builder->id_keys, object_id_key(id));
	return error != 0 ? error : append_number(&builder->indicator_ids, indicator_id);
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

// Makes an index: sorted, a row's number in the upper half and the row in the lower; rows whose
// number is `none` are left out. Indicators come in the order of their ids and need no sorting.
static int index_make(struct block *numbers, uint64_t none, struct block *index)
{
	const struct entry_order order = {sizeof(uint64_t), index_key, index_compare, NULL};
	const uint32_t *number = (const uint32_t *)numbers->data;
	size_t row_count = numbers->size / sizeof(*number);

	for (size_t row = 0; row < row_count; row++) {
		if (number[row] == none)
			continue;
		uint64_t *entry = block_extend(index, sizeof(*entry));
		if (entry == NULL)
			return -ENOMEM;
		*entry = (uint64_t)number[row] << 32 | row;
	}
	block_close(numbers);
	return index_is_sorted(index) ? 0 : entry_sort(index, &order);
}

int object_builder_wait(struct object_builder *builder)
{
	return object_spool_wait(builder->spool);
}

int object_builder_write(struct object_builder *builder, object_write *write, void *context,
                         uint64_t *ret_bytes)
{
	struct slice blocks;
	uint64_t bytes;
	int error = index_make(&builder->id_keys, NO_NUMBER, &builder->ids);

	if (error == 0)
		error = index_make(&builder->indicator_ids, NO_INDICATOR, &builder->indicators);
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
