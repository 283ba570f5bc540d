// loader/store_context.h — objects that say something of others: reports, groupings, markings,
// identities. For store*.c only.
#pragma once

#include "loader/store_delivery_internal.h"

// Keeps the object, unless what is known counts more: a newer version, another creator's, or, of a
// marking, a stricter level. Votes that the database shows otherwise now are noted as changed.
// Returns 0 or an error.
int store_context_put(struct store_delivery *delivery, struct slice id, struct slice json);
