// app/match_summary.h — what `match` says at its end, on standard error.
#pragma once

#include "app/capture_list.h"
#include "app/match_run.h"
#include "sightings/sightings.h"

void match_summary_print(const struct capture_list *captures, const struct match_run_result *result,
                         const struct sightings_summary *sightings);
