// engine/search.h — indicators by what is written in their records: a scan, no index.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "engine/match.h"

// Everything that is set must fit. Texts are compared without case of ASCII letters.
struct search_query {
	struct slice part;   // of the value as received (pattern or entry); empty: any
	struct slice id;     // STIX id, whole; empty: any
	struct slice source; // whole; empty: any
	struct slice group;  // whole; empty: any
	int64_t since_ns;    // modified (or created) in [since, until); of lists often unknown
	int64_t until_ns;    // TIMESTAMP_MIN and TIMESTAMP_MAX: any
};

// Visits what fits and is heard, of base and overlay, in order of id until `visit` returns false.
// Returns how many were visited.
uint64_t database_search(const struct database *database, const struct search_query *query,
                         bool (*visit)(void *context, uint32_t indicator_id,
                                       const struct indicator *indicator),
                         void *context);
