#include "engine/beside_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder_sync.h"

struct beside_file {
	char *name;
	char *temporary_name; // NULL: committed
	int fd;
};

static char *join(const char *path, const char *suffix, const char *more)
{
	char *name;

	return asprintf(&name, "%s%s%s", path, suffix, more) >= 0 ? name : NULL;
}

int beside_file_remove(const char *path, const char *suffix)
{
	char *name = join(path, suffix, "");
	int error;

	if (name == NULL)
		return -ENOMEM;
	error = unlink(name) == 0 || errno == ENOENT ? 0 : -errno;
	free(name);
	return error;
}

int beside_file_open(const char *path, const char *suffix, int flags, int *ret_fd)
{
	char *name = join(path, suffix, "");
	int fd;
	int error;

	if (name == NULL)
		return -ENOMEM;
	fd = open(name, flags | O_CLOEXEC);
	error = fd < 0 ? -errno : 0;
	free(name);
	if (error == 0)
		*ret_fd = fd;
	return error;
}

int beside_file_create(const char *path, const char *suffix, struct beside_file **ret_file)
{
	AUTO(beside_file) file = calloc(1, sizeof(*file));
	struct stat base;

	if (file == NULL)
		return -ENOMEM;
	file->fd = -1;
	file->name = join(path, suffix, "");
	file->temporary_name = join(path, suffix, ".XXXXXX");
	if (file->name == NULL || file->temporary_name == NULL) {
		free(TAKE(file->temporary_name));
		return -ENOMEM;
	}
	file->fd = mkostemp(file->temporary_name, O_CLOEXEC);
	if (file->fd < 0) {
		int error = -errno;

		free(TAKE(file->temporary_name));
		return error;
	}
	// Whoever may read the one must be able to read the other.
	if (stat(path, &base) != 0 || fchmod(file->fd, base.st_mode & 0777) != 0)
		return -errno;
	*ret_file = TAKE(file);
	return 0;
}

void beside_file_free(struct beside_file *file)
{
	if (file == NULL)
		return;
	if (file->fd >= 0)
		(void)close(file->fd);
	if (file->temporary_name != NULL)
		(void)unlink(file->temporary_name);
	free(file->temporary_name);
	free(file->name);
	free(file);
}

int beside_file_descriptor(const struct beside_file *file)
{
	return file->fd;
}

int beside_file_commit(struct beside_file *file)
{
	if (fsync(file->fd) != 0 || rename(file->temporary_name, file->name) != 0)
		return -errno;
	free(TAKE(file->temporary_name));
	return folder_sync_of(file->name);
}
