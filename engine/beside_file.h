// engine/beside_file.h — files beside a database, "PATH.overlay": written whole or not at all.
#pragma once

#include "base/replacement.h"

// Removes the file `path` + `suffix`. Returns 0, also when there is none, -ENOMEM or the error.
int beside_file_remove(const char *path, const char *suffix);

// Opens it with open()'s `flags`. Returns 0, -ENOENT, -ENOMEM or the error of opening.
int beside_file_open(const char *path, const char *suffix, int flags, int *ret_fd);

// One to be written and committed, with the mode of the file at `path`.
int beside_file_create(const char *path, const char *suffix, struct replacement **ret_file);
