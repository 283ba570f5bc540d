// loader/sync_schedule.h — when a source is to be run again: for sync.c, and tests.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loader/store.h"

// An attempt was made. Returns 0 or the store's error.
int sync_schedule_note(struct store *store, uint32_t source_id, bool has_failed);

// After so many failures in a row: a minute, two, four … at most four intervals, or a day.
uint64_t sync_schedule_delay_s(uint32_t interval_s, unsigned failures);
