// loader/sync_purge.h — retention: once a day, what has long been out of use is discarded.
#pragma once

#include "loader/config.h"
#include "loader/store.h"

// Discards what the configuration's retention is over for (store_purge(), with its event), unless
// that was done within a day. *ret_count: votes. Returns 0 or the store's error.
int sync_purge(struct store *store, const struct config *config, int64_t now_ns,
               uint64_t *ret_count);
