#include "base/temporary_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

int temporary_file_open(int *ret_fd)
{
	const char *folder = getenv("TMPDIR");
	char path[PATH_BYTES];

	if (folder == NULL || folder[0] == '\0')
		folder = "/tmp";

	int fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) { // not every file system has O_TMPFILE
		if (snprintf(path, sizeof(path), "%s/sekisho-XXXXXX", folder) >= PATH_BYTES)
			return -ENAMETOOLONG;
		fd = mkostemp(path, O_CLOEXEC);
		if (fd < 0)
			return -errno;
		(void)unlink(path);
	}
	*ret_fd = fd;
	return 0;
}

int temporary_file_write(int fd, struct slice bytes)
{
	while (bytes.size > 0) {
		ssize_t written = write(fd, bytes.data, bytes.size);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0)
			bytes = slice_from(bytes, (size_t)written);
	}
	return 0;
}
