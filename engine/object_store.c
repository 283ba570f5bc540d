#include "engine/object_store.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <zstd.h>

#include "engine/indicator.h"

static struct slice take(struct slice *section, uint64_t size, bool *is_whole)
{
	struct slice part = slice_first(*section, size);

	*is_whole &= part.size == size;
	*section = slice_from(*section, part.size);
	return part;
}

int object_store_open(struct slice section, struct object_store *ret_store)
{
	struct object_store store = {0};
	bool is_whole = true;

	if (section.size == 0) {
		*ret_store = store;
		return 0;
	}
	struct slice header = take(&section, sizeof(store.header), &is_whole);
	if (!is_whole)
		return -EBADMSG;
	memcpy(&store.header, header.data, sizeof(store.header));

	// 32-bit counts: none of the products overflows.
	uint64_t rows = store.header.row_count;
	store.rows = take(&section, rows * sizeof(struct object_row), &is_whole);
	store.ids = take(&section, rows * sizeof(uint64_t), &is_whole);
	store.indicators = take(&section, (uint64_t)store.header.indicator_count * sizeof(uint64_t),
	                        &is_whole);
	store.blocks = take(&section,
	                    (uint64_t)store.header.block_count * sizeof(struct object_block),
	                    &is_whole);
	store.compressed = take(&section, store.header.compressed_bytes, &is_whole);
	if (!is_whole)
		return -EBADMSG;
	*ret_store = store;
	return 0;
}

// The section's rows are read by copying: its alignment is not trusted either.
static uint64_t index_entry(struct slice index, size_t number)
{
	uint64_t entry;

	memcpy(&entry, index.data + number * sizeof(entry), sizeof(entry));
	return entry;
}

// How many entries of the index have keys up to and with `key`.
static size_t index_upper_bound(struct slice index, uint32_t key)
{
	size_t low = 0;
	size_t high = index.size / sizeof(uint64_t);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index_entry(index, middle) >> 32 <= key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

// One uncompressed block, kept while candidates of a search lie in it.
struct loaded_block {
	uint8_t *data;
	uint32_t number;
	uint32_t size;
};

static int load_block(const struct object_store *store, uint32_t number,
                      struct loaded_block *loaded)
{
	struct object_block block;

	if (loaded->data != NULL && loaded->number == number)
		return 0;
	if (number >= store->header.block_count)
		return -EBADMSG;
	memcpy(&block, store->blocks.data + (size_t)number * sizeof(block), sizeof(block));
	if (block.bytes > OBJECT_BYTES_MAX || block.bytes == 0 ||
	    block.offset > store->compressed.size ||
	    block.compressed_bytes > store->compressed.size - block.offset)
		return -EBADMSG;

	uint8_t *data = malloc(block.bytes);
	if (data == NULL)
		return -ENOMEM;
	size_t size = ZSTD_decompress(data, block.bytes, store->compressed.data + block.offset,
	                              block.compressed_bytes);
	if (ZSTD_isError(size) || size != block.bytes) {
		free(data);
		return -EBADMSG;
	}
	free(loaded->data);
	*loaded = (struct loaded_block){data, number, block.bytes};
	return 0;
}

static int load_object(const struct object_store *store, uint32_t row_number,
                       struct loaded_block *loaded, struct slice *ret_id, struct slice *ret_json)
{
	struct object_row row;

	if (row_number >= store->header.row_count)
		return -EBADMSG;
	memcpy(&row, store->rows.data + (size_t)row_number * sizeof(row), sizeof(row));

	int error = load_block(store, row.block, loaded);
	if (error < 0)
		return error;
	if ((uint64_t)row.offset + row.id_bytes + row.json_bytes > loaded->size)
		return -EBADMSG;
	*ret_id = slice_of(loaded->data + row.offset, row.id_bytes);
	*ret_json = slice_of(loaded->data + row.offset + row.id_bytes, row.json_bytes);
	return 0;
}

static int append(struct buffer *json, struct slice object)
{
	buffer_append_slice(json, object);
	return json->failed ? -ENOMEM : 0;
}

int object_store_find_indicator(const struct object_store *store, uint32_t indicator_id,
                                struct buffer *json)
{
	size_t end = index_upper_bound(store->indicators, indicator_id);
	struct loaded_block loaded = {0};
	struct slice id;
	struct slice object;

	if (end == 0 || index_entry(store->indicators, end - 1) >> 32 != indicator_id)
		return -ENOENT;

	int error = load_object(store, (uint32_t)index_entry(store->indicators, end - 1), &loaded,
	                        &id, &object);
	if (error == 0)
		error = append(json, object);
	free(loaded.data);
	return error;
}

int object_store_find(const struct object_store *store, struct slice id, struct buffer *json)
{
	uint32_t key = object_id_key(id);
	struct loaded_block loaded = {0};
	int error = -ENOENT;

	for (size_t end = index_upper_bound(store->ids, key); end > 0; end--) {
		uint64_t entry = index_entry(store->ids, end - 1);
		struct slice found;
		struct slice object;

		if (entry >> 32 != key)
			break;
		error = load_object(store, (uint32_t)entry, &loaded, &found, &object);
		if (error < 0)
			break;
		if (slice_equal(found, id)) {
			error = append(json, object);
			break;
		}
		error = -ENOENT;
	}
	free(loaded.data);
	return error;
}
