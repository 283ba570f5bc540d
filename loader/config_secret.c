#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "loader/config.h"

enum { SECRET_BYTES_MAX = 64 * 1024 };

// The first line, without its end.
static struct slice first_line(struct slice text)
{
	struct slice line = slice_first(text, slice_find(text, '\n'));

	if (line.size > 0 && line.data[line.size - 1] == '\r')
		line.size--;
	return line;
}

bool config_secret_is_private(mode_t mode)
{
	return (mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0;
}

// Looked at and read through one descriptor, so that no other file can take its place meanwhile.
static int read_secret_file(int fd, struct buffer *ret_secret)
{
	char bytes[SECRET_BYTES_MAX];
	struct stat status;
	size_t size = 0;
	ssize_t got;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!config_secret_is_private(status.st_mode))
		return -EACCES;
	while ((got = read(fd, bytes + size, sizeof(bytes) - size)) > 0)
		size += (size_t)got;
	if (got < 0)
		return -errno;
	buffer_append_slice(ret_secret, first_line(slice_of(bytes, size)));
	explicit_bzero(bytes, sizeof(bytes));
	return ret_secret->failed ? -ENOMEM : 0;
}

int config_secret_read(const struct config_secret *secret, struct buffer *ret_secret)
{
	if (secret->file != NULL) {
		int fd = open(secret->file, O_RDONLY | O_CLOEXEC | O_NOCTTY);

		if (fd < 0)
			return -errno;
		int error = read_secret_file(fd, ret_secret);
		(void)close(fd);
		return error;
	}
	if (secret->environment == NULL)
		return -ENOENT;
	const char *text = getenv(secret->environment);
	if (text == NULL)
		return -ENOENT;
	buffer_append_text(ret_secret, text);
	return ret_secret->failed ? -ENOMEM : 0;
}
