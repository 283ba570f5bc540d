// engine/indicator_reports.h — which reports refer to which indicators, while a build goes on.
#pragma once

#include "base/block.h"

// Notes that the report whose name is `text` (interned in a string pool) refers to an indicator.
// Returns 0 or -ENOMEM.
int indicator_reports_add(struct block *rows, uint32_t indicator_id, uint32_t text);

// Calls `set` for each indicator with the names of its reports, each once, in order of adding,
// joined by '\n'. Stops at the first error and returns it, or -ENOMEM. `set` may append to
// `strings`.
int indicator_reports_join(struct block *rows, const struct block *strings,
                           int (*set)(void *context, uint32_t indicator_id, struct slice list),
                           void *context);
