#include "base/replacement.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NEW_FILE_MODE = 0644 };

struct replacement {
	int fd;
	char *path;
	char *temporary_path; // NULL: not made yet, or committed
};

void replacement_free(struct replacement *replacement)
{
	if (replacement == NULL)
		return;
	if (replacement->fd >= 0)
		(void)close(replacement->fd);
	if (replacement->temporary_path != NULL)
		(void)unlink(replacement->temporary_path);
	free(replacement->temporary_path);
	free(replacement->path);
	free(replacement);
}

// Follows a symbolic link.
static int resolve_path(const char *path, char **ret_path)
{
	char *resolved = realpath(path, NULL);

	if (resolved == NULL && errno == ENOENT)
		resolved = strdup(path);
	if (resolved == NULL)
		return -errno;
	*ret_path = resolved;
	return 0;
}

static int open_temporary(struct replacement *replacement)
{
	char *name;

	if (asprintf(&name, "%s.XXXXXX", replacement->path) < 0)
		return -ENOMEM;
	replacement->fd = mkostemp(name, O_CLOEXEC);
	if (replacement->fd < 0) {
		int error = -errno;

		free(name);
		return error;
	}
	replacement->temporary_path = name;

	mode_t mask = umask(0);
	(void)umask(mask);
	(void)fchmod(replacement->fd, NEW_FILE_MODE & ~mask);
	return 0;
}

int replacement_open(const char *path, struct replacement **ret_replacement)
{
	AUTO(replacement) replacement = calloc(1, sizeof(*replacement));

	if (replacement == NULL)
		return -ENOMEM;
	replacement->fd = -1;
	int error = resolve_path(path, &replacement->path);
	if (error == 0)
		error = open_temporary(replacement);
	if (error == 0)
		*ret_replacement = TAKE(replacement);
	return error;
}

int replacement_descriptor(const struct replacement *replacement)
{
	return replacement->fd;
}

// A file system that cannot sync a folder has nothing more to do.
static int sync_folder_of(const char *path)
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

int replacement_commit(struct replacement *replacement)
{
	if (fsync(replacement->fd) != 0 ||
	    rename(replacement->temporary_path, replacement->path) != 0)
		return -errno;
	free(TAKE(replacement->temporary_path));
	return sync_folder_of(replacement->path);
}
