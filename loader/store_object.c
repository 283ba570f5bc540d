// A block is compressed as a whole: the count and sizes of its objects (32 bits each), then the
// objects. A place is the block's number, and the index within it.
#include "loader/store_object.h"

#include <errno.h>
#include <stdlib.h>

#include <zstd.h>

enum {
	COMPRESSION_LEVEL = 1,
	BLOCK_BYTES = 256 * 1024,               // a block is full with that many, too
	BLOCK_BYTES_MAX = 2 * 16 * 1024 * 1024, // with the largest object that readers take
	HEAD_BYTES = 4 * (1 + STORE_BLOCK_OBJECTS),
};

// The helper's job.
static int compress(void *context)
{
	struct store_object_block *block = context;
	AUTO_BUFFER raw = {};

	buffer_append(&raw, &(uint32_t){block->count}, sizeof(uint32_t));
	buffer_append(&raw, block->sizes, block->count * sizeof(block->sizes[0]));
	buffer_append_slice(&raw, buffer_slice(&block->objects));
	buffer_clear(&block->compressed);
	if (raw.failed || !buffer_reserve(&block->compressed, ZSTD_compressBound(raw.size)))
		return -ENOMEM;

	size_t size = ZSTD_compress(block->compressed.data, block->compressed.capacity, raw.data,
	                            raw.size, COMPRESSION_LEVEL);
	if (ZSTD_isError(size))
		return -ENOMEM;
	block->compressed.size = size;
	return 0;
}

// Waits for the block that is being compressed, and writes it.
static int write_other(struct store_objects *objects)
{
	struct store_object_block *block = &objects->blocks[1 - objects->filling];

	if (block->count == 0)
		return 0;
	int error = task_wait(objects->task);
	if (error < 0)
		return error;
	store_query_number(&objects->put, 1, (int64_t)block->block_id);
	store_query_bytes(&objects->put, 2, buffer_slice(&block->compressed));
	block->count = 0;
	buffer_clear(&block->objects);
	return store_query_run(&objects->put);
}

static int hand_over(struct store_objects *objects)
{
	int error = write_other(objects);

	if (error < 0)
		return error;
	task_begin(objects->task, compress, &objects->blocks[objects->filling]);
	objects->filling = 1 - objects->filling;
	return 0;
}

int store_objects_add(struct store_objects *objects, struct slice json, uint64_t *ret_place)
{
	struct store_object_block *block = &objects->blocks[objects->filling];

	if (block->count == STORE_BLOCK_OBJECTS ||
	    (block->count > 0 && block->objects.size + json.size > BLOCK_BYTES)) {
		int error = hand_over(objects);

		if (error < 0)
			return error;
		block = &objects->blocks[objects->filling];
	}
	if (block->count == 0)
		block->block_id = objects->next_block_id++;
	buffer_append_slice(&block->objects, json);
	if (block->objects.failed)
		return -ENOMEM;
	*ret_place = block->block_id * STORE_BLOCK_OBJECTS + block->count;
	block->sizes[block->count++] = (uint32_t)json.size;
	return 0;
}

int store_objects_flush(struct store_objects *objects)
{
	int error = 0;

	if (objects->blocks[objects->filling].count > 0)
		error = hand_over(objects);
	return error == 0 ? write_other(objects) : error;
}

void store_objects_close(struct store_objects *objects)
{
	task_free(objects->task);
	for (unsigned i = 0; i < 2; i++) {
		buffer_close(&objects->blocks[i].objects);
		buffer_close(&objects->blocks[i].compressed);
	}
	*objects = (struct store_objects){};
}

// A block as read: the bytes are in `raw`.
struct object_list {
	uint32_t count;
	uint32_t sizes[STORE_BLOCK_OBJECTS];
	struct slice objects;
};

static int read_list(struct slice raw, struct object_list *ret_list)
{
	struct object_list list = {};
	uint64_t sum = 0;

	if (raw.size < sizeof(list.count))
		return -EBADMSG;
	memcpy(&list.count, raw.data, sizeof(list.count));
	raw = slice_from(raw, sizeof(list.count));
	if (list.count > STORE_BLOCK_OBJECTS || raw.size < list.count * sizeof(list.sizes[0]))
		return -EBADMSG;
	memcpy(list.sizes, raw.data, list.count * sizeof(list.sizes[0]));
	list.objects = slice_from(raw, list.count * sizeof(list.sizes[0]));
	for (unsigned i = 0; i < list.count; i++)
		sum += list.sizes[i];
	if (sum != list.objects.size)
		return -EBADMSG;
	*ret_list = list;
	return 0;
}

static int decompress(struct slice compressed, struct buffer *raw)
{
	unsigned long long size = ZSTD_getFrameContentSize(compressed.data, compressed.size);

	if (size > HEAD_BYTES + BLOCK_BYTES_MAX) // errors are the largest numbers
		return -EBADMSG;
	buffer_clear(raw);
	if (!buffer_reserve(raw, (size_t)size))
		return -ENOMEM;
	raw->size = ZSTD_decompress(raw->data, (size_t)size, compressed.data, compressed.size);
	if (raw->size == size)
		return 0;
	buffer_clear(raw);
	return -EBADMSG;
}

// What other connections commit counts in this number.
static uint32_t data_version(struct store *store)
{
	uint32_t version = 0;

	(void)sqlite3_file_control(store->db, "main", SQLITE_FCNTL_DATA_VERSION, &version);
	return version;
}

// Makes store->object_block this one. -ENOENT when there is none.
static int load_block(struct store *store, uint64_t block_id)
{
	AUTO_QUERY query = {};
	uint32_t version = data_version(store);

	if (store->object_block_id == block_id && store->object_block_version == version)
		return 0;
	store->object_block_id = 0;
	int result = store_query_begin(store, SQL_BLOCK_GET, &query);
	if (result < 0)
		return result;
	store_query_number(&query, 1, (int64_t)block_id);
	result = store_query_step(&query);
	if (result <= 0)
		return result < 0 ? result : -ENOENT;
	result = decompress(store_query_get_bytes(&query, 0), &store->object_block);
	if (result < 0)
		return result;
	store->object_block_id = block_id;
	store->object_block_version = version;
	return 0;
}

static int read_block(struct store *store, uint64_t block_id, struct object_list *ret_list)
{
	int error = load_block(store, block_id);

	return error < 0 ? error : read_list(buffer_slice(&store->object_block), ret_list);
}

int store_object_read(struct store *store, uint64_t place, struct buffer *json)
{
	unsigned index = place % STORE_BLOCK_OBJECTS;
	struct object_list list;
	size_t offset = 0;
	int error = read_block(store, place / STORE_BLOCK_OBJECTS, &list);

	if (error < 0)
		return error;
	if (index >= list.count || list.sizes[index] == 0)
		return -ENOENT;
	for (unsigned i = 0; i < index; i++)
		offset += list.sizes[i];
	buffer_append(json, list.objects.data + offset, list.sizes[index]);
	return json->failed ? -ENOMEM : 0;
}

static int write_block(struct store *store, struct store_object_block *block)
{
	bool is_empty = block->objects.size == 0;
	AUTO_QUERY query = {};
	int error = is_empty ? 0 : compress(block);

	if (error == 0)
		error = store_query_begin(store, is_empty ? SQL_BLOCK_REMOVE : SQL_BLOCK_PUT,
		                          &query);
	if (error < 0)
		return error;
	store_query_number(&query, 1, (int64_t)block->block_id);
	if (!is_empty)
		store_query_bytes(&query, 2, buffer_slice(&block->compressed));
	return store_query_run(&query);
}

// Of one block. What stays keeps its index.
static int forget_in_block(struct store *store, const uint64_t places[], size_t count)
{
	struct store_object_block block = {.block_id = places[0] / STORE_BLOCK_OBJECTS};
	struct object_list list;
	size_t offset = 0;
	size_t next = 0;
	int error = read_block(store, block.block_id, &list);

	if (error < 0)
		return error == -ENOENT ? 0 : error;
	block.count = list.count;
	for (unsigned i = 0; i < list.count; i++) {
		bool is_forgotten = next < count && places[next] % STORE_BLOCK_OBJECTS == i;

		next += is_forgotten;
		block.sizes[i] = is_forgotten ? 0 : list.sizes[i];
		buffer_append(&block.objects, list.objects.data + offset, block.sizes[i]);
		offset += list.sizes[i];
	}
	error = block.objects.failed ? -ENOMEM : write_block(store, &block);
	store->object_block_id = 0;
	buffer_close(&block.objects);
	buffer_close(&block.compressed);
	return error;
}

int store_object_forget(struct store *store, const uint64_t places[], size_t count)
{
	int error = 0;

	while (count > 0 && error == 0) {
		size_t in_block = 1;

		while (in_block < count &&
		       places[in_block] / STORE_BLOCK_OBJECTS == places[0] / STORE_BLOCK_OBJECTS)
			in_block++;
		error = forget_in_block(store, places, in_block);
		places += in_block;
		count -= in_block;
	}
	return error;
}
