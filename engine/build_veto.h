// engine/build_veto.h — the veto set of a build, made a database inside the database.
#pragma once

#include "engine/build_internal.h"

// Fills build->veto_image, when there is a veto set. Patterns in it are reported and left out.
// Returns 0, -ENOMEM, or the file's error.
int build_veto_make_image(struct build *build, struct report *report);
