// app/compile_store_print.h — what a compilation of the store decided: by action, row and source.
#pragma once

#include <stdio.h>

#include "loader/store_compile.h"

// For people, on a line, and then what was skipped and why.
void compile_store_print_line(FILE *file, const char *database_path,
                              const struct store_compile_result *result);

// For people, in tables.
void compile_store_print(FILE *file, const char *database_path,
                         const struct store_compile_result *result);

// One JSON object. Returns 0 or -ENOMEM.
int compile_store_print_json(FILE *file, const char *database_path,
                             const struct store_compile_result *result);
