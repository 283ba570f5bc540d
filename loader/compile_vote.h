// loader/compile_vote.h — a decided vote into a build.
#pragma once

#include "base/report.h"
#include "engine/build.h"
#include "loader/judge.h"

// Adds the record and those of its values whose action is not ignore, each with its own action at
// most. *ret_indicator_id is NO_INDICATOR when nothing of it is looked for. Patterns that cannot be
// compiled are told to `report`. Returns 0, -ENOMEM, or -EOVERFLOW.
int compile_vote_add(struct build *build, const struct judgement *judgement, struct report *report,
                     uint32_t *ret_indicator_id);
