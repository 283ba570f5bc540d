#include "engine/beside_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char *join(const char *path, const char *suffix)
{
	char *name;

	return asprintf(&name, "%s%s", path, suffix) >= 0 ? name : NULL;
}

int beside_file_remove(const char *path, const char *suffix)
{
	char *name = join(path, suffix);
	int error;

	if (name == NULL)
		return -ENOMEM;
	error = unlink(name) == 0 || errno == ENOENT ? 0 : -errno;
	free(name);
	return error;
}

int beside_file_open(const char *path, const char *suffix, int flags, int *ret_fd)
{
	char *name = join(path, suffix);
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

int beside_file_create(const char *path, const char *suffix, struct replacement **ret_file)
{
	AUTO(replacement) file = NULL;
	char *name = join(path, suffix);
	struct stat base;
	int error = name != NULL ? replacement_open(name, &file) : -ENOMEM;

	free(name);
	if (error < 0)
		return error;
	// Whoever may read the one must be able to read the other.
	if (stat(path, &base) != 0 ||
	    fchmod(replacement_descriptor(file), base.st_mode & 0777) != 0)
		return -errno;
	*ret_file = TAKE(file);
	return 0;
}
