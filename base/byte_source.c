#include "base/byte_source.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/byte_blocks.h"
#include "base/decompress.h"

enum {
	// Small enough to stay in the second-level cache between the kernel's copy and our
	// reading (docs/decisions/0004-file-port-and-flows.md).
	READ_BYTES = 256 * 1024,
	FIRST_CAPACITY = 2 * READ_BYTES,
	COMPRESSED_BYTES = 128 * 1024,
	PROGRESS_BYTES = 1024 * 1024, // between two calls of `progress`
	MAGIC_BYTES = 4,
};

struct byte_source {
	int fd;
	bool is_at_end; // of the file
	int error;
	byte_source_progress_fn *progress;
	void *context;
	uint64_t file_bytes;
	uint64_t told_bytes; // file_bytes when `progress` was last called
	uint64_t offset;     // of window[start]
	size_t start;
	size_t end;
	size_t capacity;
	uint8_t *window; // BYTE_SOURCE_PADDING_BYTES more than `capacity`

	struct decompress *decompress; // NULL: plain
	uint8_t *compressed;           // COMPRESSED_BYTES
	struct slice to_decompress;    // into `compressed`

	struct byte_blocks *blocks; // not NULL: nothing of the above but the window and the error
	struct byte_block *block;   // that the window lies in, held; NULL: none yet
};

void byte_source_close(struct byte_source *source)
{
	if (source == NULL)
		return;
	if (source->fd > STDIN_FILENO)
		(void)close(source->fd);
	if (source->block != NULL)
		byte_block_release(source->block);
	byte_blocks_close(source->blocks);
	decompress_free(source->decompress);
	free(source->compressed);
	if (source->blocks == NULL)
		free(source->window);
	free(source);
}

struct slice byte_source_window(const struct byte_source *source)
{
	if (source->window == NULL) // reading ahead, nothing taken yet
		return slice_of(NULL, 0);
	return slice_of(source->window + source->start, source->end - source->start);
}

static bool may_go_on(struct byte_source *source)
{
	if (source->progress == NULL || source->file_bytes - source->told_bytes < PROGRESS_BYTES)
		return true;
	source->told_bytes = source->file_bytes;
	return source->progress(source->context, source->file_bytes);
}

// Reads once. Returns the bytes read, 0 at the end or after an error.
static size_t read_some(struct byte_source *source, uint8_t *data, size_t size)
{
	ssize_t got;

	if (!may_go_on(source)) {
		source->error = -ECANCELED;
		return 0;
	}
	do
		got = read(source->fd, data, size);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		source->error = -errno;
	if (got <= 0) {
		source->is_at_end = true;
		return 0;
	}
	source->file_bytes += (uint64_t)got;
	return (size_t)got;
}

static void add_plain(struct byte_source *source)
{
	size_t room = source->capacity - source->end;

	source->end += read_some(source, source->window + source->end,
	                         room < READ_BYTES ? room : READ_BYTES);
}

static void add_decompressed(struct byte_source *source)
{
	size_t room = source->capacity - source->end;
	size_t written = 0;
	int error;

	if (source->to_decompress.size == 0 && !source->is_at_end) {
		size_t got = read_some(source, source->compressed, COMPRESSED_BYTES);

		source->to_decompress = slice_of(source->compressed, got);
		if (source->error < 0)
			return;
	}
	if (source->to_decompress.size == 0 && !decompress_has_more(source->decompress)) {
		// A stream that just stops was cut.
		if (!decompress_is_complete(source->decompress))
			source->error = -EBADMSG;
		return;
	}
	error = decompress_step(source->decompress, &source->to_decompress,
	                        source->window + source->end, room < READ_BYTES ? room : READ_BYTES,
	                        &written);
	source->end += written;
	if (error < 0)
		source->error = error;
}

static bool is_exhausted(const struct byte_source *source)
{
	if (source->error < 0)
		return true;
	if (source->decompress == NULL)
		return source->is_at_end;
	return source->is_at_end && source->to_decompress.size == 0 &&
	       !decompress_has_more(source->decompress) &&
	       decompress_is_complete(source->decompress);
}

// Makes room for `size` bytes from the current position on.
static int make_room(struct byte_source *source, size_t size)
{
	size_t capacity = source->capacity;
	uint8_t *window;

	if (source->start > 0)
		memmove(source->window, source->window + source->start,
		        source->end - source->start);
	source->end -= source->start;
	source->start = 0;
	if (size > SIZE_MAX / 4)
		return -ENOMEM;
	while (capacity < size)
		capacity *= 2;
	if (capacity == source->capacity)
		return 0;
	window = realloc(source->window, capacity + BYTE_SOURCE_PADDING_BYTES);
	if (window == NULL)
		return -ENOMEM;
	source->window = window;
	source->capacity = capacity;
	return 0;
}

// Goes on in the next block; what was left of this one is put in front of it.
static void next_block(struct byte_source *source)
{
	struct slice left = byte_source_window(source);
	struct byte_block *block;
	int status = byte_blocks_take(source->blocks, &block);

	assert(left.size <= BYTE_BLOCK_HEADROOM_BYTES);
	if (status <= 0) {
		source->is_at_end = true;
		source->error = status;
		return;
	}
	source->window = byte_block_headroom(block);
	source->start = BYTE_BLOCK_HEADROOM_BYTES - left.size;
	source->end = BYTE_BLOCK_HEADROOM_BYTES + byte_block_bytes(block).size;
	if (left.size > 0)
		memcpy(source->window + source->start, left.data, left.size);
	if (source->block != NULL)
		byte_block_release(source->block);
	source->block = block;
}

static int fill_ahead(struct byte_source *source, size_t size)
{
	while (source->end - source->start < size && !source->is_at_end)
		next_block(source);
	return source->end - source->start < size ? source->error : 0;
}

int byte_source_fill(struct byte_source *source, size_t size)
{
	if (source->end - source->start >= size)
		return 0;
	if (source->blocks != NULL)
		return fill_ahead(source, size);
	if (make_room(source, size < source->capacity ? size : source->capacity) < 0)
		return -ENOMEM;
	// Room grows with what comes, not with what is asked for: that may be a bound far above it.
	while (source->end < size && !is_exhausted(source)) {
		if (source->end == source->capacity && make_room(source, source->capacity + 1) < 0)
			return -ENOMEM;
		if (source->decompress == NULL)
			add_plain(source);
		else
			add_decompressed(source);
	}
	return source->end < size ? source->error : 0;
}

// Turns to decompressing when the first bytes say so: they are what is decompressed.
static int detect(struct byte_source *source)
{
	int error = byte_source_fill(source, MAGIC_BYTES);

	if (error < 0)
		return error;
	error = decompress_create(byte_source_window(source), &source->decompress);
	if (error < 0)
		return error;
	if (source->decompress == NULL)
		return 0;
	source->compressed = malloc(READ_BYTES);
	if (source->compressed == NULL)
		return -ENOMEM;
	static_assert((int)COMPRESSED_BYTES <= (int)READ_BYTES, "what is in the window fits");
	memcpy(source->compressed, source->window, source->end);
	source->to_decompress = slice_of(source->compressed, source->end);
	source->end = 0;
	return 0;
}

// Takes `fd`, also when it fails; a negative one is why there is none.
static int open_source(int fd, byte_source_progress_fn *progress, void *context,
                       struct byte_source **ret_source)
{
	AUTO(byte_source) source = calloc(1, sizeof(*source));
	int error;

	if (source == NULL) {
		if (fd > STDIN_FILENO)
			(void)close(fd);
		return -ENOMEM;
	}
	source->fd = fd;
	if (fd < 0)
		return fd;
	source->progress = progress;
	source->context = context;
	source->capacity = FIRST_CAPACITY;
	source->window = calloc(1, FIRST_CAPACITY + BYTE_SOURCE_PADDING_BYTES);
	if (source->window == NULL)
		return -ENOMEM;
	(void)posix_fadvise(source->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	error = detect(source);
	if (error < 0)
		return error;
	*ret_source = TAKE(source);
	return 0;
}

int byte_source_open(const char *path, byte_source_progress_fn *progress, void *context,
                     struct byte_source **ret_source)
{
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	return open_source(fd < 0 ? -errno : fd, progress, context, ret_source);
}

int byte_source_open_fd(int fd, byte_source_progress_fn *progress, void *context,
                        struct byte_source **ret_source)
{
	int own = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);

	return open_source(own < 0 ? -errno : own, progress, context, ret_source);
}

int byte_source_open_ahead(const char *path, unsigned block_count, struct byte_source **ret_source)
{
	AUTO(byte_source) source = calloc(1, sizeof(*source));
	int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -errno;
	if (source == NULL) {
		if (fd > STDIN_FILENO)
			(void)close(fd);
		return -ENOMEM;
	}
	error = byte_blocks_open(fd, block_count, &source->blocks);
	if (error < 0)
		return error;
	*ret_source = TAKE(source);
	return 0;
}

struct byte_blocks *byte_source_blocks(const struct byte_source *source)
{
	return source->blocks;
}

struct byte_block *byte_source_block(const struct byte_source *source)
{
	return source->block;
}

void byte_source_skip(struct byte_source *source, size_t size)
{
	assert(size <= source->end - source->start);
	source->start += size;
	source->offset += size;
}

int byte_source_pass(struct byte_source *source, uint64_t size)
{
	while (size > 0) {
		size_t ready = source->end - source->start;
		size_t step = size < ready ? (size_t)size : ready;

		byte_source_skip(source, step);
		size -= step;
		if (size > 0) {
			int error = byte_source_fill(source, 1);

			if (error < 0)
				return error;
			if (source->end == source->start)
				return -ENODATA;
		}
	}
	return 0;
}

uint64_t byte_source_offset(const struct byte_source *source)
{
	return source->offset;
}

uint64_t byte_source_file_bytes(const struct byte_source *source)
{
	return source->blocks != NULL ? byte_blocks_file_bytes(source->blocks) : source->file_bytes;
}
