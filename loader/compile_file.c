#include "loader/compile_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int compile_file_open_database(const char *path, struct database **ret_database)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int error;

	if (fd < 0)
		return -errno;
	error = database_open_fd(fd, path, NULL, ret_database);
	(void)close(fd);
	return error;
}
