#include "loader/compile_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder_sync.h"

enum { DATABASE_MODE = 0644 };

struct compile_file {
	int fd;
	char *path;
	char *temporary_path; // NULL: committed
};

int compile_file_open(const char *path, struct compile_file **ret_file)
{
	AUTO(compile_file) file = calloc(1, sizeof(*file));

	if (file == NULL)
		return -ENOMEM;
	file->fd = -1;
	file->path = realpath(path, NULL); // a symbolic link stays one
	if (file->path == NULL)
		file->path = strdup(path);
	if (file->path == NULL || asprintf(&file->temporary_path, "%s.XXXXXX", file->path) < 0) {
		file->temporary_path = NULL;
		return -ENOMEM;
	}
	file->fd = mkostemp(file->temporary_path, O_CLOEXEC);
	if (file->fd < 0) {
		int error = -errno;

		free(TAKE(file->temporary_path));
		return error;
	}
	mode_t mask = umask(0);
	(void)umask(mask);
	(void)fchmod(file->fd, DATABASE_MODE & ~mask);
	*ret_file = TAKE(file);
	return 0;
}

void compile_file_free(struct compile_file *file)
{
	if (file == NULL)
		return;
	if (file->temporary_path != NULL)
		(void)unlink(file->temporary_path);
	if (file->fd >= 0)
		(void)close(file->fd);
	free(file->temporary_path);
	free(file->path);
	free(file);
}

int compile_file_fd(const struct compile_file *file)
{
	return file->fd;
}

int compile_file_commit(struct compile_file *file)
{
	if (fsync(file->fd) < 0 || rename(file->temporary_path, file->path) < 0)
		return -errno;
	free(TAKE(file->temporary_path));
	return folder_sync_of(file->path);
}

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
