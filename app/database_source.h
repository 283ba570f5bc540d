// app/database_source.h — the database of a command line: a file, or feeds compiled in memory.
#pragma once

#include <stdbool.h>

#include "app/feed_list.h"
#include "engine/match.h"

// Opens the file `path`. Errors are logged. Returns 0 and gives the database to the caller
// (database_close), or an error.
int database_source_open(const char *path, struct database **ret_database);

// Compiles the feeds into memory and opens that. What was skipped is logged as warnings, unless
// `is_quiet`. Returns as above, -ENODATA (no indicator in any feed), or -ECANCELED.
int database_source_compile(const struct feed_list *feeds, bool is_quiet,
                            struct database **ret_database);
