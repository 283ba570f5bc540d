// loader/build_value.h — a normalised value into the tables of a build.
#pragma once

#include <stdint.h>

#include "engine/build.h"

struct intake_value;

// Adds `value` for the indicator, whatever tables it takes. Returns 1; 0 when it is a pattern that
// is refused, with *ret_reason (valid until the next call); or an error of build.h.
int build_value_add(struct build *build, uint32_t indicator_id, const struct intake_value *value,
                    const char **ret_reason);
