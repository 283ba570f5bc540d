#include "base/folder_sync.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int folder_sync_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	int error = 0;
	int fd;

	if (folder == NULL)
		return -ENOMEM;
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || (fsync(fd) != 0 && errno != EINVAL))
		error = -errno;
	if (fd >= 0)
		(void)close(fd);
	free(folder);
	return error;
}
