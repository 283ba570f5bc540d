// app/match_record.h — hits into the store that their indicators come from: evidence.
#pragma once

#include "engine/match.h"
#include "loader/store.h"
#include "sightings/sightings.h"

// Opens the store at `store_path`, or, when that is NULL, the one that the configuration names, to
// be written to. Errors are logged: also that `database` was not compiled from it. Returns 0 and
// gives it to the caller (store_close), or an error.
int match_record_open(const char *store_path, const char *config_path,
                      const struct database *database, struct store **ret_store);

// Adds the hits, by vote and day. Those outside validity do not count. Errors are logged. Returns 0
// or an error.
int match_record(struct sightings *sightings, struct store *store);
