// loader/store_schema.h — the store's tables. For store*.c only.
#pragma once

#include "base/report.h"

struct store;

// Makes the tables of an empty file, brings older ones to this version. Returns 0, -EBADMSG (not a
// store, or of a newer version; `report` says which), or an error.
int store_schema_settle(struct store *store, bool may_create, struct report *report);
