// loader/compile_overlay.h — what changed since a base, as an overlay beside it.
#pragma once

#include "loader/compile_run.h"

// Brings what lies beside the base at run->config->database_path up to `now`. `base` was opened
// alone; `origin` is its. The run is not open yet, and is closed again.
// Returns 0, with result->is_overlay when an overlay was written, result->is_unchanged when nothing
// had to be, and neither when a new base is needed; or an error.
int compile_overlay_update(struct compile_run *run, const struct database *base,
                           const struct build_origin *origin, const struct build_origin *now);
