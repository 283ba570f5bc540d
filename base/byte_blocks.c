#include "base/byte_blocks.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/decompress.h"
#include "base/thread.h"

enum {
	MAGIC_BYTES = 4,
	COMPRESSED_BYTES = 256 * 1024,
	MAPPING_BYTES = BYTE_BLOCK_HEADROOM_BYTES + BYTE_BLOCK_BYTES + 4096,
};

static_assert(BYTE_BLOCK_PADDING_BYTES <= 4096, "behind the block");

enum block_state { BLOCK_FREE, BLOCK_READING, BLOCK_READ, BLOCK_HELD };

struct byte_block {
	struct byte_blocks *blocks;
	uint8_t *mapping; // headroom, bytes, padding
	size_t size;
	enum block_state state; // like what follows, under the mutex
	unsigned holders;
	bool is_last;
	int error; // behind the bytes
};

struct byte_blocks {
	int fd;
	bool has_any_order; // a plain file: blocks are read where they lie
	off_t begin;        // of the file
	pthread_t thread;   // that decompresses
	bool has_thread;

	pthread_mutex_t mutex;  // for what follows, and what the blocks say of themselves
	pthread_cond_t changed; // a block was read or is free, or the end is asked for
	uint64_t next_read;
	uint64_t next_taken;
	uint64_t file_bytes;
	unsigned reading; // blocks that are being read now
	bool is_at_end;   // nothing is to be read any more
	bool is_closing;
	bool is_exhausted; // the last block was taken, or is empty
	int end_error;     // behind it

	// Of whoever reads in order:
	uint8_t head[MAGIC_BYTES]; // read to see what it is
	size_t head_bytes;
	struct decompress *decompress; // NULL: plain
	uint8_t *compressed;
	struct slice to_decompress;
	bool is_file_at_end;

	unsigned count;
	struct byte_block ring[]; // block i is ring[i % count]
};

static struct byte_block *block_at(struct byte_blocks *blocks, uint64_t index)
{
	return &blocks->ring[index % blocks->count];
}

static uint8_t *bytes_of(const struct byte_block *block)
{
	return block->mapping + BYTE_BLOCK_HEADROOM_BYTES;
}

static ssize_t read_at(const struct byte_blocks *blocks, off_t offset, uint8_t *data, size_t size)
{
	ssize_t got;

	do
		got = offset < 0 ? read(blocks->fd, data, size)
		                 : pread(blocks->fd, data, size, offset);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

static void count_file_bytes(struct byte_blocks *blocks, size_t size)
{
	pthread_mutex_lock(&blocks->mutex);
	blocks->file_bytes += size;
	pthread_mutex_unlock(&blocks->mutex);
}

// The block's share of a plain file. It is the last one when it is not full.
static void read_plain_file(struct byte_blocks *blocks, struct byte_block *block, uint64_t index)
{
	off_t offset = blocks->begin + (off_t)(index * BYTE_BLOCK_BYTES);
	ssize_t got = 1;

	while (block->size < BYTE_BLOCK_BYTES && got > 0) {
		got = read_at(blocks, offset + (off_t)block->size, bytes_of(block) + block->size,
		              BYTE_BLOCK_BYTES - block->size);
		if (got > 0)
			block->size += (size_t)got;
	}
	block->error = got < 0 ? (int)got : 0;
	block->is_last = got <= 0;
	count_file_bytes(blocks, block->size);
}

// What a pipe gives at once: whoever writes to it may take its time.
static void read_plain_stream(struct byte_blocks *blocks, struct byte_block *block)
{
	ssize_t got;

	memcpy(bytes_of(block), blocks->head, blocks->head_bytes);
	block->size = blocks->head_bytes;
	blocks->head_bytes = 0;
	if (block->size > 0)
		return;
	got = read_at(blocks, -1, bytes_of(block), BYTE_BLOCK_BYTES);
	block->size = got > 0 ? (size_t)got : 0;
	block->error = got < 0 ? (int)got : 0;
	block->is_last = got <= 0;
	count_file_bytes(blocks, block->size);
}

static int refill_compressed(struct byte_blocks *blocks)
{
	ssize_t got = read_at(blocks, -1, blocks->compressed, COMPRESSED_BYTES);

	if (got < 0)
		return (int)got;
	blocks->is_file_at_end = got == 0;
	blocks->to_decompress = slice_of(blocks->compressed, (size_t)got);
	count_file_bytes(blocks, (size_t)got);
	return 0;
}

// Returns 1 to go on, 0 at the end, or an error.
static int decompress_some(struct byte_blocks *blocks, struct byte_block *block)
{
	size_t written = 0;
	int error;

	if (blocks->to_decompress.size == 0 && !blocks->is_file_at_end) {
		error = refill_compressed(blocks);
		if (error < 0)
			return error;
	}
	if (blocks->to_decompress.size == 0 && !decompress_has_more(blocks->decompress)) {
		if (!blocks->is_file_at_end)
			return 1;
		// A stream that just stops was cut.
		return decompress_is_complete(blocks->decompress) ? 0 : -EBADMSG;
	}
	error = decompress_step(blocks->decompress, &blocks->to_decompress,
	                        bytes_of(block) + block->size, BYTE_BLOCK_BYTES - block->size,
	                        &written);
	block->size += written;
	return error < 0 ? error : 1;
}

static void read_compressed(struct byte_blocks *blocks, struct byte_block *block)
{
	int status = 1;

	while (block->size < BYTE_BLOCK_BYTES && status > 0)
		status = decompress_some(blocks, block);
	block->error = status < 0 ? status : 0;
	block->is_last = status <= 0;
}

static bool can_read(struct byte_blocks *blocks)
{
	if (blocks->is_at_end || blocks->is_closing ||
	    (!blocks->has_any_order && blocks->reading > 0))
		return false;
	return block_at(blocks, blocks->next_read)->state == BLOCK_FREE;
}

// The mutex is held but for the reading itself.
static void read_next(struct byte_blocks *blocks)
{
	uint64_t index = blocks->next_read++;
	struct byte_block *block = block_at(blocks, index);

	block->state = BLOCK_READING;
	block->size = 0;
	blocks->reading++;
	pthread_mutex_unlock(&blocks->mutex);
	if (blocks->decompress != NULL)
		read_compressed(blocks, block);
	else if (blocks->has_any_order)
		read_plain_file(blocks, block, index);
	else
		read_plain_stream(blocks, block);
	pthread_mutex_lock(&blocks->mutex);
	blocks->reading--;
	block->state = BLOCK_READ;
	if (block->is_last)
		blocks->is_at_end = true;
	pthread_cond_broadcast(&blocks->changed);
}

// For what is compressed: whoever takes blocks has to wait for them.
static bool is_left_to_thread(const struct byte_blocks *blocks)
{
	return blocks->has_thread;
}

bool byte_blocks_can_read(struct byte_blocks *blocks)
{
	bool can;

	pthread_mutex_lock(&blocks->mutex);
	can = !is_left_to_thread(blocks) && can_read(blocks);
	pthread_mutex_unlock(&blocks->mutex);
	return can;
}

bool byte_blocks_read(struct byte_blocks *blocks)
{
	bool can;

	pthread_mutex_lock(&blocks->mutex);
	can = !is_left_to_thread(blocks) && can_read(blocks);
	if (can)
		read_next(blocks);
	pthread_mutex_unlock(&blocks->mutex);
	return can;
}

static void *read_all(void *context)
{
	struct byte_blocks *blocks = context;

	pthread_mutex_lock(&blocks->mutex);
	while (!blocks->is_closing && !blocks->is_at_end) {
		if (can_read(blocks))
			read_next(blocks);
		else
			pthread_cond_wait(&blocks->changed, &blocks->mutex);
	}
	pthread_mutex_unlock(&blocks->mutex);
	return NULL;
}

// Waits until the next block is read, or reads it.
static void await_block(struct byte_blocks *blocks, const struct byte_block *block)
{
	while (block->state != BLOCK_READ) {
		if (!is_left_to_thread(blocks) && can_read(blocks))
			read_next(blocks);
		else
			pthread_cond_wait(&blocks->changed, &blocks->mutex);
	}
}

int byte_blocks_take(struct byte_blocks *blocks, struct byte_block **ret_block)
{
	struct byte_block *block;
	int status;

	pthread_mutex_lock(&blocks->mutex);
	block = block_at(blocks, blocks->next_taken);
	if (!blocks->is_exhausted) {
		await_block(blocks, block);
		blocks->is_exhausted = block->is_last;
		blocks->end_error = block->error;
	}
	status = block->state == BLOCK_READ && block->size > 0;
	if (status > 0) {
		blocks->next_taken++;
		block->state = BLOCK_HELD;
		block->holders = 1;
		*ret_block = block;
	} else {
		status = blocks->end_error;
	}
	pthread_mutex_unlock(&blocks->mutex);
	return status;
}

void byte_block_hold(struct byte_block *block)
{
	pthread_mutex_lock(&block->blocks->mutex);
	assert(block->holders > 0);
	block->holders++;
	pthread_mutex_unlock(&block->blocks->mutex);
}

void byte_block_release(struct byte_block *block)
{
	struct byte_blocks *blocks = block->blocks;

	pthread_mutex_lock(&blocks->mutex);
	assert(block->holders > 0);
	if (--block->holders == 0) {
		block->state = BLOCK_FREE;
		pthread_cond_broadcast(&blocks->changed);
	}
	pthread_mutex_unlock(&blocks->mutex);
}

uint8_t *byte_block_headroom(struct byte_block *block)
{
	return block->mapping;
}

struct slice byte_block_bytes(const struct byte_block *block)
{
	return slice_of(bytes_of(block), block->size);
}

uint64_t byte_blocks_file_bytes(struct byte_blocks *blocks)
{
	uint64_t bytes;

	pthread_mutex_lock(&blocks->mutex);
	bytes = blocks->file_bytes;
	pthread_mutex_unlock(&blocks->mutex);
	return bytes;
}

void byte_blocks_close(struct byte_blocks *blocks)
{
	if (blocks == NULL)
		return;
	if (blocks->has_thread) {
		pthread_mutex_lock(&blocks->mutex);
		blocks->is_closing = true;
		pthread_cond_broadcast(&blocks->changed);
		pthread_mutex_unlock(&blocks->mutex);
		(void)pthread_join(blocks->thread, NULL);
	}
	for (unsigned i = 0; i < blocks->count; i++)
		if (blocks->ring[i].mapping != NULL)
			(void)munmap(blocks->ring[i].mapping, MAPPING_BYTES);
	if (blocks->fd > STDIN_FILENO)
		(void)close(blocks->fd);
	decompress_free(blocks->decompress);
	free(blocks->compressed);
	pthread_mutex_destroy(&blocks->mutex);
	pthread_cond_destroy(&blocks->changed);
	free(blocks);
}

static int map_blocks(struct byte_blocks *blocks)
{
	for (unsigned i = 0; i < blocks->count; i++) {
		void *mapping = mmap(NULL, MAPPING_BYTES, PROT_READ | PROT_WRITE,
		                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (mapping == MAP_FAILED)
			return -ENOMEM;
		blocks->ring[i].mapping = mapping;
		blocks->ring[i].blocks = blocks;
	}
	return 0;
}

// Reads the first bytes, to see whether it is compressed.
static int detect(struct byte_blocks *blocks)
{
	ssize_t got = 1;
	int error;

	while (blocks->head_bytes < MAGIC_BYTES && got > 0) {
		got = read_at(blocks, -1, blocks->head + blocks->head_bytes,
		              MAGIC_BYTES - blocks->head_bytes);
		if (got < 0)
			return (int)got;
		blocks->head_bytes += (size_t)got;
	}
	error = decompress_create(slice_of(blocks->head, blocks->head_bytes), &blocks->decompress);
	if (error < 0 || blocks->decompress == NULL)
		return error;
	blocks->compressed = malloc(COMPRESSED_BYTES);
	if (blocks->compressed == NULL)
		return -ENOMEM;
	memcpy(blocks->compressed, blocks->head, blocks->head_bytes);
	blocks->to_decompress = slice_of(blocks->compressed, blocks->head_bytes);
	return 0;
}

// In which way the file is to be read.
static int choose_way(struct byte_blocks *blocks)
{
	struct stat status;
	int error = detect(blocks);

	blocks->file_bytes = blocks->head_bytes;
	if (error < 0)
		return error;
	if (blocks->decompress != NULL) {
		// Without a thread the taker decompresses.
		blocks->has_thread = thread_start(&blocks->thread, read_all, blocks);
		return 0;
	}
	if (fstat(blocks->fd, &status) < 0 || !S_ISREG(status.st_mode))
		return 0;
	blocks->begin = lseek(blocks->fd, -(off_t)blocks->head_bytes, SEEK_CUR);
	if (blocks->begin < 0)
		return -errno;
	blocks->has_any_order = true;
	blocks->file_bytes = 0;
	(void)posix_fadvise(blocks->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	return 0;
}

int byte_blocks_open(int fd, unsigned count, struct byte_blocks **ret_blocks)
{
	struct byte_blocks *opened = calloc(1, sizeof(*opened) + count * sizeof(opened->ring[0]));

	assert(count >= BYTE_BLOCKS_MIN);
	if (opened == NULL) {
		if (fd > STDIN_FILENO)
			(void)close(fd);
		return -ENOMEM;
	}
	AUTO(byte_blocks) blocks = opened;
	blocks->fd = fd;
	blocks->count = count;
	pthread_mutex_init(&blocks->mutex, NULL);
	pthread_cond_init(&blocks->changed, NULL);
	int error = map_blocks(blocks);
	if (error == 0)
		error = choose_way(blocks);
	if (error < 0)
		return error;
	*ret_blocks = TAKE(blocks);
	return 0;
}
