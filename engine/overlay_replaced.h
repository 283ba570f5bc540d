// engine/overlay_replaced.h — which indicators of a base an overlay takes the place of: those made
// from the same rows of the store.
#pragma once

#include "engine/build_internal.h"
#include "engine/database.h"

// Fills additions->replaced (SECTION_OVERLAY) for this base. Returns 0 or -ENOMEM.
int overlay_replaced_make(const struct database *base, struct build *additions);
