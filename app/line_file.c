#include "app/line_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"

enum { NEW_FILE_MODE = 0640 };

struct line_file {
	int fd;
	bool is_regular;
	struct buffer pending;
	size_t pending_bytes_max;
	uint64_t written, lost; // lines
};

static uint64_t count_lines(struct slice text)
{
	uint64_t count = 0;

	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == '\n';
	return count;
}

// A named pipe that nobody reads yet is not waited for: opened both ways, it keeps what it has room
// for (fifo(7)).
static int open_path(const char *path)
{
	const int flags = O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
	int fd = open(path, O_WRONLY | O_CREAT | flags, NEW_FILE_MODE);

	return fd < 0 && errno == ENXIO ? open(path, O_RDWR | flags) : fd;
}

static int open_to_append(const char *path, int *ret_fd, bool *ret_is_regular)
{
	struct stat status;
	int fd = strcmp(path, "-") == 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
	                                : open_path(path);

	if (fd < 0)
		return -errno;
	*ret_is_regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	*ret_fd = fd;
	return 0;
}

int line_file_open(const char *path, size_t pending_bytes_max, struct line_file **ret_file)
{
	AUTO(line_file) file = calloc(1, sizeof(*file));

	if (file == NULL)
		return -ENOMEM;
	file->pending_bytes_max = pending_bytes_max;
	file->fd = -1;
	int error = open_to_append(path, &file->fd, &file->is_regular);
	if (error < 0)
		return error;
	*ret_file = TAKE(file);
	return 0;
}

void line_file_free(struct line_file *file)
{
	if (file == NULL)
		return;
	if (file->fd >= 0)
		(void)close(file->fd);
	buffer_close(&file->pending);
	free(file);
}

int line_file_reopen(struct line_file *file, const char *path)
{
	bool is_regular;
	int fd;
	int error = open_to_append(path, &fd, &is_regular);

	if (error < 0)
		return error;
	(void)close(file->fd);
	file->fd = fd;
	file->is_regular = is_regular;
	return 0;
}

void line_file_add(struct line_file *file, struct slice line)
{
	if (file->pending.size + line.size > file->pending_bytes_max ||
	    !buffer_reserve(&file->pending, line.size)) {
		file->pending.failed = false; // the next one may find memory again
		file->lost++;
		return;
	}
	buffer_append_slice(&file->pending, line);
}

// Takes `size` bytes that were written, whole lines or the rest of them, from what waits.
static void drop_written(struct line_file *file, size_t size)
{
	struct buffer *pending = &file->pending;

	file->written += count_lines(slice_of(pending->data, size));
	memmove(pending->data, pending->data + size, pending->size - size);
	pending->size -= size;
}

// Where the last whole line of the first `size` bytes ends.
static size_t whole_lines(const struct buffer *pending, size_t size)
{
	while (size > 0 && pending->data[size - 1] != '\n')
		size--;
	return size;
}

static bool cut_end(int fd, off_t size)
{
	off_t end = lseek(fd, 0, SEEK_CUR);

	return end >= size && ftruncate(fd, end - size) == 0 &&
	       lseek(fd, end - size, SEEK_SET) >= 0;
}

// The file may be a little longer than what was written whole: it is cut again. This process is its
// only writer.
static int write_regular(struct line_file *file)
{
	ssize_t size = write(file->fd, file->pending.data, file->pending.size);
	int error = size < 0 ? -errno : 0;

	if (error < 0)
		return error == -EINTR ? 0 : error;
	size_t whole = whole_lines(&file->pending, (size_t)size);
	if (whole < (size_t)size && !cut_end(file->fd, (off_t)((size_t)size - whole)))
		whole = (size_t)size; // the rest of the line goes on behind what is there
	drop_written(file, whole);
	return file->pending.size > 0 && whole == 0 ? -ENOSPC : 0;
}

// A pipe or terminal: never waited for. Up to PIPE_BUF bytes fit whole when poll() says so (POSIX,
// write).
static int write_stream(struct line_file *file)
{
	struct pollfd ready = {.fd = file->fd, .events = POLLOUT};
	size_t size = file->pending.size < PIPE_BUF ? file->pending.size : PIPE_BUF;

	if (poll(&ready, 1, 0) <= 0)
		return -EAGAIN;
	ssize_t written = write(file->fd, file->pending.data, size);
	if (written < 0)
		return errno == EINTR ? 0 : -errno;
	drop_written(file, (size_t)written);
	return 0;
}

int line_file_flush(struct line_file *file)
{
	int error = 0;

	while (file->pending.size > 0 && error == 0)
		error = file->is_regular ? write_regular(file) : write_stream(file);
	return error;
}

uint64_t line_file_written(const struct line_file *file)
{
	return file->written;
}

uint64_t line_file_lost(const struct line_file *file)
{
	return file->lost;
}
