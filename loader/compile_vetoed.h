// loader/compile_vetoed.h — drops that the veto set lowers: for compile_run.c.
#pragma once

#include "loader/judge.h"
#include "loader/store_compile.h"

// Notes one in the result, or counts it when there are enough. Those of sites under attack are as
// they should be: neither. Returns 0 or -ENOMEM.
int compile_vetoed_note(struct store_compile_result *result, const struct vote *vote,
                        const struct judged_value *judged);
