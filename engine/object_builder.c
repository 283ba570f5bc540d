#include "engine/object_builder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "base/buffer.h"
#include "engine/indicator.h"
#include "engine/object_format.h"

enum {
	// zstd's fastest levels: a build must not wait for objects that few will ask for.
	COMPRESSION_LEVEL = -5,
	COPY_BYTES = 256 * 1024,
	PATH_BYTES = 4096,
};

struct object_builder {
	struct buffer block;      // objects not yet compressed
	struct buffer compressed; // room for one block
	struct buffer rows;       // struct object_row
	struct buffer ids;        // uint64_t, as in the index
	struct buffer indicators; // likewise
	struct buffer blocks;     // struct object_block
	uint64_t file_bytes;
	ZSTD_CCtx *zstd;
	int file; // -1 until the first block is full
};

int object_builder_create(struct object_builder **ret_builder)
{
	AUTO(object_builder) builder = calloc(1, sizeof(*builder));

	if (builder == NULL)
		return -ENOMEM;
	builder->file = -1;
	builder->zstd = ZSTD_createCCtx();
	if (builder->zstd == NULL)
		return -ENOMEM;
	if (ZSTD_isError(ZSTD_CCtx_setParameter(builder->zstd, ZSTD_c_compressionLevel,
	                                        COMPRESSION_LEVEL)) ||
	    ZSTD_isError(ZSTD_CCtx_setParameter(builder->zstd, ZSTD_c_checksumFlag, 1)))
		return -ENOMEM;
	*ret_builder = TAKE(builder);
	return 0;
}

void object_builder_free(struct object_builder *builder)
{
	if (builder == NULL)
		return;
	buffer_close(&builder->block);
	buffer_close(&builder->compressed);
	buffer_close(&builder->rows);
	buffer_close(&builder->ids);
	buffer_close(&builder->indicators);
	buffer_close(&builder->blocks);
	ZSTD_freeCCtx(builder->zstd);
	if (builder->file >= 0)
		(void)close(builder->file);
	free(builder);
}

// A file that has no name, or not for longer than two system calls.
static int open_unlinked(int *ret_file)
{
	const char *folder = getenv("TMPDIR");
	char path[PATH_BYTES];

	if (folder == NULL || folder[0] == '\0')
		folder = "/tmp";

	int file = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (file < 0) { // not every file system has O_TMPFILE
		if (snprintf(path, sizeof(path), "%s/sekisho-XXXXXX", folder) >= PATH_BYTES)
			return -ENAMETOOLONG;
		file = mkostemp(path, O_CLOEXEC);
		if (file < 0)
			return -errno;
		(void)unlink(path);
	}
	*ret_file = file;
	return 0;
}

static int write_all(int file, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t written = write(file, bytes, size);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			bytes += written;
			size -= (size_t)written;
		}
	}
	return 0;
}

static int flush_block(struct object_builder *builder)
{
	struct buffer *compressed = &builder->compressed;

	if (builder->block.size == 0)
		return 0;
	buffer_clear(compressed);
	if (!buffer_reserve(compressed, ZSTD_compressBound(builder->block.size)))
		return -ENOMEM;

	size_t size = ZSTD_compress2(builder->zstd, compressed->data, compressed->capacity,
	                             builder->block.data, builder->block.size);
	if (ZSTD_isError(size))
		return -ENOMEM;
	if (builder->file < 0) {
		int error = open_unlinked(&builder->file);
		if (error < 0)
			return error;
	}
	int error = write_all(builder->file, compressed->data, size);
	if (error < 0)
		return error;

	struct object_block block = {builder->file_bytes, (uint32_t)size,
	                             (uint32_t)builder->block.size};
	buffer_append(&builder->blocks, &block, sizeof(block));
	builder->file_bytes += size;
	buffer_clear(&builder->block);
	return builder->blocks.failed ? -ENOMEM : 0;
}

static size_t row_count(const struct object_builder *builder)
{
	return builder->rows.size / sizeof(struct object_row);
}

int object_builder_keep(struct object_builder *builder, uint32_t indicator_id, struct slice id,
                        struct slice json)
{
	if (id.size > OBJECT_ID_BYTES_MAX || json.size > OBJECT_BYTES_MAX - OBJECT_ID_BYTES_MAX ||
	    row_count(builder) >= INT32_MAX)
		return -EFBIG;
	if (builder->block.size + id.size + json.size > OBJECT_BLOCK_BYTES) {
		int error = flush_block(builder);
		if (error < 0)
			return error;
	}

	uint64_t row_number = row_count(builder);
	struct object_row row = {
		.block = (uint32_t)(builder->blocks.size / sizeof(struct object_block)),
		.offset = (uint32_t)builder->block.size,
		.json_bytes = (uint32_t)json.size,
		.id_bytes = (uint32_t)id.size,
	};
	uint64_t by_id = (uint64_t)object_id_key(id) << 32 | row_number;
	uint64_t by_indicator = (uint64_t)indicator_id << 32 | row_number;

	buffer_append_slice(&builder->block, id);
	buffer_append_slice(&builder->block, json);
	buffer_append(&builder->rows, &row, sizeof(row));
	buffer_append(&builder->ids, &by_id, sizeof(by_id));
	if (indicator_id != NO_INDICATOR)
		buffer_append(&builder->indicators, &by_indicator, sizeof(by_indicator));
	bool has_failed = builder->block.failed || builder->rows.failed || builder->ids.failed ||
	                  builder->indicators.failed;
	return has_failed ? -ENOMEM : 0;
}

static int compare_keys(const void *left, const void *right)
{
	uint64_t a;
	uint64_t b;

	memcpy(&a, left, sizeof(a));
	memcpy(&b, right, sizeof(b));
	return (a > b) - (a < b);
}

static void sort_index(const struct buffer *index)
{
	if (index->size > 0)
		qsort(index->data, index->size / sizeof(uint64_t), sizeof(uint64_t), compare_keys);
}

static int copy_blocks(const struct object_builder *builder, object_write *write, void *context)
{
	uint8_t *chunk = malloc(COPY_BYTES);
	uint64_t offset = 0;
	int error = chunk != NULL ? 0 : -ENOMEM;

	while (error == 0 && offset < builder->file_bytes) {
		ssize_t size = pread(builder->file, chunk, COPY_BYTES, (off_t)offset);

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

int object_builder_write(struct object_builder *builder, object_write *write, void *context,
                         uint64_t *ret_bytes)
{
	int error = flush_block(builder);
	if (error < 0)
		return error;
	sort_index(&builder->ids);
	sort_index(&builder->indicators);

	struct object_header header = {
		.row_count = (uint32_t)row_count(builder),
		.indicator_count = (uint32_t)(builder->indicators.size / sizeof(uint64_t)),
		.block_count = (uint32_t)(builder->blocks.size / sizeof(struct object_block)),
		.compressed_bytes = builder->file_bytes,
	};
	const struct slice parts[] = {
		slice_of(&header, sizeof(header)), buffer_slice(&builder->rows),
		buffer_slice(&builder->ids),       buffer_slice(&builder->indicators),
		buffer_slice(&builder->blocks),
	};
	uint64_t bytes = builder->file_bytes;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		error = parts[i].size > 0 ? write(context, parts[i].data, parts[i].size) : 0;
		if (error < 0)
			return error;
		bytes += parts[i].size;
	}
	error = copy_blocks(builder, write, context);
	if (error == 0)
		*ret_bytes = bytes;
	return error;
}
