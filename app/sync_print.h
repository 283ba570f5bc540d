// app/sync_print.h — what `sekisho sync` says of a source's run, and of what was compiled.
#pragma once

#include <stdio.h>

#include "loader/config.h"
#include "loader/store_compile.h"
#include "loader/sync.h"

// For people: a line, then what was skipped and why.
void sync_print_source(FILE *file, const struct source_config *source,
                       const struct sync_outcome *outcome);
void sync_print_compiled(FILE *file, const char *database_path,
                         const struct store_compile_result *result);

// One JSON object a line.
void sync_print_source_json(FILE *file, const struct source_config *source,
                            const struct sync_outcome *outcome);
void sync_print_compiled_json(FILE *file, const char *database_path,
                              const struct store_compile_result *result);
