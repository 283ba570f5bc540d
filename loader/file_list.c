#include "loader/file_list.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/slice.h"

enum { FILES_MAX = 100000 };

void file_list_close(struct file_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->names[i]);
	free(list->names);
	*list = (struct file_list){0};
}

// Hidden files, and what somebody is still writing.
static bool is_passed_over(const char *name)
{
	struct slice text = slice_text(name);

	return name[0] == '.' || slice_ends_with(text, ".tmp") || slice_ends_with(text, ".part") ||
	       slice_ends_with(text, "~");
}

// Takes `path`.
static int add_file(struct file_list *list, char *path)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity == 0 ? 16 : 2 * list->capacity;
		char **names = realloc(list->names, capacity * sizeof(*names));

		if (names == NULL) {
			free(path);
			return -ENOMEM;
		}
		list->names = names;
		list->capacity = capacity;
	}
	list->names[list->count++] = path;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int add_entry(struct file_list *list, const char *folder, const char *name)
{
	struct stat status;
	char *path;

	if (is_passed_over(name))
		return 0;
	if (list->count == FILES_MAX)
		return -E2BIG;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	int error = 0;
	// What cannot be looked at is told when it is opened.
	if (stat(path, &status) < 0 || S_ISREG(status.st_mode))
		error = add_file(list, path);
	else
		free(path);
	return error;
}

static int list_folder(DIR *folder, const char *path, struct file_list *list)
{
	int error = 0;

	while (error == 0) {
		errno = 0; // the end leaves it alone, an error does not
		const struct dirent *entry = readdir(folder);

		if (entry == NULL) {
			error = -errno;
			break;
		}
		error = add_entry(list, path, entry->d_name);
	}
	if (list->count > 0)
		qsort(list->names, list->count, sizeof(list->names[0]), compare_names);
	return error;
}

int file_list_add(struct file_list *list, const char *path)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return -errno;
	if (!S_ISDIR(status.st_mode)) {
		char *copy = strdup(path);

		return copy != NULL ? add_file(list, copy) : -ENOMEM;
	}
	DIR *folder = opendir(path);
	if (folder == NULL)
		return -errno;
	int error = list_folder(folder, path, list);
	(void)closedir(folder);
	return error;
}

int file_list_open(const char *path, int *ret_fd)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode)) {
		(void)close(fd);
		return -EINVAL;
	}
	*ret_fd = fd;
	return 0;
}
