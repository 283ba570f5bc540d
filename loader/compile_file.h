// loader/compile_file.h — a database that takes its name when it is whole.
#pragma once

#include "base/cleanup.h"
#include "engine/match.h"

struct compile_file;

// A temporary file beside `path`. Returns 0 and gives it to the caller (compile_file_free),
// -ENOMEM, or the file's error.
int compile_file_open(const char *path, struct compile_file **ret_file);

// Takes it away unless it was committed. Accepts NULL.
void compile_file_free(struct compile_file *file);
DEFINE_AUTO(compile_file, compile_file_free)

int compile_file_fd(const struct compile_file *file);

// Syncs it, and puts it in the place of what was at `path`. Returns 0 or the file's error.
int compile_file_commit(struct compile_file *file);

// The database at `path` alone, without what lies beside it. As database_open_fd().
int compile_file_open_database(const char *path, struct database **ret_database);
