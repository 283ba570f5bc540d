// loader/file_list.h — the regular files that a source's address names.
#pragma once

#include <stddef.h>

// All zero is a valid, empty list. Paths are sorted within each folder.
struct file_list {
	char **names;
	size_t count, capacity;
};

// Adds `path`, or the files of the folder that it is: not hidden ones, nor what somebody is still
// writing ("*.tmp", "*.part", "*~"). Returns 0, the system's error, -E2BIG, or -ENOMEM.
int file_list_add(struct file_list *list, const char *path);

// Frees what the list owns; it is empty again.
void file_list_close(struct file_list *list);

// Opens a file that must be a regular one: a pipe would block. Returns 0 and gives the descriptor,
// or the system's error, or -EINVAL.
int file_list_open(const char *path, int *ret_fd);
