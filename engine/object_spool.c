#include "engine/object_spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "base/buffer.h"
#include "base/task.h"
#include "base/temporary_file.h"
#include "engine/object_format.h"

enum {
	// zstd's fastest levels: a build must not wait for objects that few will ask for.
	COMPRESSION_LEVEL = -5,
	COPY_BYTES = 1024 * 1024,
	BATCH_BLOCKS = 8,
	BATCH_BYTES = BATCH_BLOCKS * OBJECT_BLOCK_BYTES, // few large objects are a batch, too
};

// Whole blocks, one behind the other; the last may still grow.
struct batch {
	struct buffer bytes;
	uint32_t block_bytes[BATCH_BLOCKS];
	unsigned block_count; // whole ones
	size_t block_start;   // of the one that grows
};

struct object_spool {
	struct batch *filling;
	struct batch *compressing;
	uint32_t block_count; // whole blocks so far
	struct batch batches[2];
	struct task *task;
	// From here on the job's, while there is one.
	struct buffer compressed; // room for one block
	struct buffer blocks;     // struct object_block
	uint64_t file_bytes;
	ZSTD_CCtx *zstd;
	int file; // -1 until the first block is full
};

int object_spool_create(struct object_spool **ret_spool)
{
	AUTO(object_spool) spool = calloc(1, sizeof(*spool));

	if (spool == NULL)
		return -ENOMEM;
	spool->file = -1;
	spool->filling = &spool->batches[0];
	spool->compressing = &spool->batches[1];
	spool->zstd = ZSTD_createCCtx();
	if (spool->zstd == NULL || task_create(&spool->task) != 0)
		return -ENOMEM;
	if (ZSTD_isError(ZSTD_CCtx_setParameter(spool->zstd, ZSTD_c_compressionLevel,
	                                        COMPRESSION_LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(spool->zstd, ZSTD_c_checksumFlag, 1)))
		return -ENOMEM;
	*ret_spool = TAKE(spool);
	return 0;
}

void object_spool_free(struct object_spool *spool)
{
	if (spool == NULL)
		return;
	task_free(spool->task);
	buffer_close(&spool->batches[0].bytes);
	buffer_close(&spool->batches[1].bytes);
	buffer_close(&spool->compressed);
	buffer_close(&spool->blocks);
	ZSTD_freeCCtx(spool->zstd);
	if (spool->file >= 0)
		(void)close(spool->file);
	free(spool);
}

static int compress_block(struct object_spool *spool, struct slice bytes)
{
	struct buffer *compressed = &spool->compressed;

	buffer_clear(compressed);
	if (!buffer_reserve(compressed, ZSTD_compressBound(bytes.size)))
		return -ENOMEM;

	size_t size = ZSTD_compress2(spool->zstd, compressed->data, compressed->capacity,
	                             bytes.data, bytes.size);
	if (ZSTD_isError(size))
		return -ENOMEM;

	int error = temporary_file_write(spool->file, slice_of(compressed->data, size));
	if (error < 0)
		return error;

	struct object_block block = {spool->file_bytes, (uint32_t)size, (uint32_t)bytes.size};
	buffer_append(&spool->blocks, &block, sizeof(block));
	spool->file_bytes += size;
	return spool->blocks.failed ? -ENOMEM : 0;
}

// The job: all of a batch.
static int compress_batch(void *context)
{
	struct object_spool *spool = context;
	const struct batch *batch = spool->compressing;
	struct slice rest = buffer_slice(&batch->bytes);
	int error = spool->file < 0 ? temporary_file_open(&spool->file) : 0;

	for (unsigned i = 0; i < batch->block_count && error == 0; i++) {
		error = compress_block(spool, slice_first(rest, batch->block_bytes[i]));
		rest = slice_from(rest, batch->block_bytes[i]);
	}
	return error;
}

// Hands what was filled to the job, once it is done with the batch before.
static int hand_over(struct object_spool *spool)
{
	struct batch *full = spool->filling;
	int error = task_wait(spool->task);

	if (error != 0)
		return error;
	spool->filling = spool->compressing;
	spool->compressing = full;
	buffer_clear(&spool->filling->bytes);
	spool->filling->block_count = 0;
	spool->filling->block_start = 0;
	task_begin(spool->task, compress_batch, spool);
	return 0;
}

static size_t growing_bytes(const struct batch *batch)
{
	return batch->bytes.size - batch->block_start;
}

// Ends the block that grows.
static int end_block(struct object_spool *spool)
{
	struct batch *batch = spool->filling;

	if (growing_bytes(batch) == 0)
		return 0;
	batch->block_bytes[batch->block_count++] = (uint32_t)growing_bytes(batch);
	batch->block_start = batch->bytes.size;
	spool->block_count++;
	if (batch->block_count < BATCH_BLOCKS && batch->bytes.size < BATCH_BYTES)
		return 0;
	return hand_over(spool);
}

int object_spool_add(struct object_spool *spool, struct slice id, struct slice json,
                     struct object_place *ret_place)
{
	if (growing_bytes(spool->filling) + id.size + json.size > OBJECT_BLOCK_BYTES) {
		int error = end_block(spool);
		if (error < 0)
			return error;
	}

	struct buffer *bytes = &spool->filling->bytes;
	struct object_place place = {
		.block = spool->block_count,
		.offset = (uint32_t)growing_bytes(spool->filling),
	};
	buffer_append_slice(bytes, id);
	buffer_append_slice(bytes, json);
	if (bytes->failed)
		return -ENOMEM;
	*ret_place = place;
	return 0;
}

int object_spool_wait(struct object_spool *spool)
{
	return task_wait(spool->task);
}

int object_spool_finish(struct object_spool *spool, struct slice *ret_blocks,
                        uint64_t *ret_compressed_bytes)
{
	int error = end_block(spool);

	if (error == 0 && spool->filling->block_count > 0)
		error = hand_over(spool);
	if (error == 0)
		error = task_wait(spool->task);
	if (error < 0)
		return error;
	*ret_blocks = buffer_slice(&spool->blocks);
	*ret_compressed_bytes = spool->file_bytes;
	return 0;
}

int object_spool_copy(const struct object_spool *spool, object_write *write, void *context)
{
	uint8_t *chunk = malloc(COPY_BYTES);
	uint64_t offset = 0;
	int error = chunk != NULL ? 0 : -ENOMEM;

	while (error == 0 && offset < spool->file_bytes) {
		ssize_t size = pread(spool->file, chunk, COPY_BYTES, (off_t)offset);

		if (size < 0 && errno == EINTR)
			continue;
		// Nobody else can shorten the file: it has no name.
		error = size < 0 ? -errno : size == 0 ? -EIO : write(context, chunk, (size_t)size);
		if (size > 0)
			offset += (uint64_t)size;
	}
	free(chunk);
	return error;
}
