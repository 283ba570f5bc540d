// app/capture_results.h — how reading the captures went, for people.
#pragma once

#include "app/capture_list.h"
#include "dataplane/dataplane.h"

// Logs errors and warnings, capture by capture. Returns how many could not be read at all.
unsigned capture_results_log(const struct capture_list *captures,
                             const struct capture_result results[]);
