// loader/compile_rules.h — what decides, beside the votes themselves, as one number.
//
// A database whose number differs was decided by other rules: its values may not be left as they
// are when only some of them are decided anew.
#pragma once

#include <stdint.h>

#include "loader/config.h"
#include "loader/judge_sources.h"

// Digest of the policy, one's own networks and names, and what counts of each source; and of the
// day (UTC), when the policy looks at ages, or at counts that shrink as votes expire. Returns 0, or
// -ENOMEM.
int compile_rules_digest(const struct config *config, const struct judge_sources *sources,
                         int64_t now_ns, uint64_t *ret_digest);
