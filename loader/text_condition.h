// loader/text_condition.h — names and URLs that are given by a part of them: what XML formats say
// with a condition.
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "loader/intake.h"

enum text_condition {
	TEXT_EQUALS,
	TEXT_STARTS,
	TEXT_ENDS,
	TEXT_CONTAINS,
	TEXT_FITS, // a regular expression
};

// Can the condition be expressed for such a value? Anything may be equal; of names and URLs parts
// may be given.
bool text_condition_fits(enum text_condition condition, const struct candidate *value);

// Makes `value`, whose text is the condition's operand, say the same to the intake: the exact
// tables where they can answer it, else a pattern. New texts lie in `arena`. Returns 0 or -ENOMEM.
int text_condition_apply(enum text_condition condition, struct arena *arena,
                         struct candidate *value);
