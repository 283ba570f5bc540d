// engine/beside_file.h — files beside a database, "PATH.overlay": written whole or not at all.
#pragma once

#include "base/cleanup.h"

// Removes the file `path` + `suffix`. Returns 0, also when there is none, -ENOMEM or the error.
int beside_file_remove(const char *path, const char *suffix);

// Opens it with open()'s `flags`. Returns 0, -ENOENT, -ENOMEM or the error of opening.
int beside_file_open(const char *path, const char *suffix, int flags, int *ret_fd);

// One that is being written, under another name, with the mode of the file at `path`.
struct beside_file;
int beside_file_create(const char *path, const char *suffix, struct beside_file **ret_file);

// Abandons what was not committed. Accepts NULL.
void beside_file_free(struct beside_file *file);
DEFINE_AUTO(beside_file, beside_file_free)

int beside_file_descriptor(const struct beside_file *file);

// Syncs it, gives it its name, syncs the folder. Returns 0 or the error.
int beside_file_commit(struct beside_file *file);
