#include "app/capture_list.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "app/capture_magic.h"
#include "base/log.h"

static void count_bytes(struct capture_list *list, const struct stat *status)
{
	if (status == NULL || !S_ISREG(status->st_mode))
		list->has_sizeless = true;
	else
		list->total_bytes += (uint64_t)status->st_size;
	if (list->has_sizeless)
		list->total_bytes = 0;
}

static int append(struct capture_list *list, const char *path, const struct stat *status)
{
	char **paths = list->paths;

	if ((list->count & (list->count - 1)) == 0) { // grow at powers of two
		size_t capacity = list->count > 0 ? 2 * (size_t)list->count : 1;
		paths = realloc(list->paths, capacity * sizeof(*paths));
		if (paths == NULL)
			return -ENOMEM;
		list->paths = paths;
	}
	paths[list->count] = strdup(path);
	if (paths[list->count] == NULL)
		return -ENOMEM;
	list->count++;
	count_bytes(list, status);
	return 0;
}

static int compare_names(const FTSENT **a, const FTSENT **b)
{
	return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int add_entry(struct capture_list *list, const FTSENT *entry)
{
	struct stat status;

	switch (entry->fts_info) {
	case FTS_D:
	case FTS_DP:
		return 0;
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return -entry->fts_errno;
	default:
		if (stat(entry->fts_accpath, &status) == 0 && S_ISREG(status.st_mode) &&
		    capture_magic_is(entry->fts_accpath))
			return append(list, entry->fts_path, &status);
		list->passed_over++;
		return 0;
	}
}

static int add_folder(struct capture_list *list, const char *path)
{
	char *paths[] = {(char *)path, NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR | FTS_COMFOLLOW, compare_names);
	int error = 0;

	if (tree == NULL)
		return -errno;
	for (FTSENT *entry; error != -ENOMEM && (entry = fts_read(tree)) != NULL;) {
		int entry_error = add_entry(list, entry);

		// One folder that cannot be read does not hide its neighbours.
		if (error == 0 || entry_error == -ENOMEM)
			error = entry_error;
	}
	(void)fts_close(tree);
	return error;
}

int capture_list_add(struct capture_list *list, const char *path)
{
	struct stat status;

	if (strcmp(path, "-") == 0)
		return append(list, path, NULL);
	if (stat(path, &status) < 0)
		return append(list, path, NULL); // whoever opens it says why it cannot be read
	if (S_ISDIR(status.st_mode))
		return add_folder(list, path);
	return append(list, path, &status);
}

int capture_list_take(struct capture_list *list, const char *path)
{
	int error = capture_list_add(list, path);

	list->is_asked_for = true;
	if (error == 0 || error == -ENOMEM)
		return error;
	log_error("%s: %s", path, strerror(-error));
	list->has_unreadable = true;
	return 0;
}

void capture_list_keep(struct capture_list *list,
                       bool (*is_wanted)(void *context, const char *path), void *context)
{
	uint32_t kept = 0;

	list->total_bytes = 0;
	list->has_sizeless = false;
	for (uint32_t i = 0; i < list->count; i++) {
		struct stat status;

		if (!is_wanted(context, list->paths[i])) {
			free(list->paths[i]);
			list->done_before++;
			continue;
		}
		count_bytes(list, stat(list->paths[i], &status) == 0 ? &status : NULL);
		list->paths[kept++] = list->paths[i];
	}
	list->count = kept;
}

void capture_list_close(struct capture_list *list)
{
	for (uint32_t i = 0; i < list->count; i++)
		free(list->paths[i]);
	free(list->paths);
	*list = (struct capture_list){0};
}
