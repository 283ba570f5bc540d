#include "loader/piece_spool.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/temporary_file.h"
#include "loader/feed_input.h"

// Before each piece.
struct piece_head {
	uint64_t offset;
	uint64_t size;
};

static int write_out(struct piece_spool *spool)
{
	int error = 0;

	if (!spool->has_file)
		error = temporary_file_open(&spool->fd);
	if (error < 0)
		return error;
	spool->has_file = true;
	error = temporary_file_write(spool->fd, buffer_slice(&spool->buffer));
	if (error < 0)
		return error;
	spool->file_bytes += spool->buffer.size;
	buffer_clear(&spool->buffer);
	return 0;
}

int piece_spool_add(struct piece_spool *spool, struct slice bytes, uint64_t offset)
{
	const struct piece_head head = {offset, bytes.size};

	buffer_append(&spool->buffer, &head, sizeof(head));
	buffer_append_slice(&spool->buffer, bytes);
	if (spool->buffer.failed)
		return -ENOMEM;
	return spool->buffer.size > PIECE_SPOOL_MEMORY_BYTES ? write_out(spool) : 0;
}

int piece_spool_rewind(struct piece_spool *spool)
{
	static const uint8_t padding[FEED_PADDING_BYTES];
	size_t size = spool->buffer.size;

	buffer_append(&spool->buffer, padding, sizeof(padding));
	if (spool->buffer.failed)
		return -ENOMEM;
	spool->pieces = slice_of(spool->buffer.data, size);
	if (!spool->has_file || spool->file_bytes == 0)
		return 0;

	int error = write_out(spool);
	if (error < 0)
		return error;
	void *bytes = mmap(NULL, spool->file_bytes, PROT_READ, MAP_PRIVATE, spool->fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	spool->mapping = bytes;
	spool->pieces = slice_of(bytes, spool->file_bytes - sizeof(padding));
	return 0;
}

bool piece_spool_next(struct piece_spool *spool, struct slice *ret_bytes, uint64_t *ret_offset)
{
	struct piece_head head;

	if (spool->pieces.size < sizeof(head))
		return false;
	memcpy(&head, spool->pieces.data, sizeof(head));
	*ret_bytes = slice_first(slice_from(spool->pieces, sizeof(head)), head.size);
	*ret_offset = head.offset;
	spool->pieces = slice_from(spool->pieces, sizeof(head) + head.size);
	return true;
}

void piece_spool_clear(struct piece_spool *spool)
{
	if (spool->mapping != NULL)
		(void)munmap(spool->mapping, spool->file_bytes);
	if (spool->has_file)
		(void)close(spool->fd);
	spool->mapping = NULL;
	spool->has_file = false;
	spool->file_bytes = 0;
	spool->pieces = slice_of(NULL, 0);
	buffer_clear(&spool->buffer);
}

void piece_spool_close(struct piece_spool *spool)
{
	piece_spool_clear(spool);
	buffer_close(&spool->buffer);
}
