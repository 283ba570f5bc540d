// app/sync_print.h — what `sekisho sync` says of a source's run.
#pragma once

#include <stdio.h>

#include "loader/config.h"
#include "loader/sync.h"

// For people: a line, then what was skipped and why.
void sync_print_source(FILE *file, const struct source_config *source,
                       const struct sync_outcome *outcome);

// One JSON object a line.
void sync_print_source_json(FILE *file, const struct source_config *source,
                            const struct sync_outcome *outcome);
