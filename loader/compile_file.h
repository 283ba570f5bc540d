// loader/compile_file.h — the database at a path alone, without what lies beside it.
#pragma once

#include "engine/match.h"

// As database_open_fd().
int compile_file_open_database(const char *path, struct database **ret_database);
