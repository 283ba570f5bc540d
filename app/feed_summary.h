// app/feed_summary.h — what `compile` says about the feeds it read and the database it wrote.
#pragma once

#include <stdio.h>

#include "app/feed_compile.h"

// For people. `database_path` NULL: none was written. With `has_problems` false the problems are
// only counted (they were all listed before).
void feed_summary_print(FILE *file, const struct feed_list *list,
                        const struct feed_compile_result *result, const char *database_path,
                        bool has_problems);

// One JSON object. Returns 0 or -ENOMEM.
int feed_summary_print_json(FILE *file, const struct feed_list *list,
                            const struct feed_compile_result *result, const char *database_path);
