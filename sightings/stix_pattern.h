// sightings/stix_pattern.h — the STIX pattern that says what an entry of a list means.
#pragma once

#include "base/buffer.h"
#include "engine/match.h"

// Appends a pattern (STIX 2.1, section 9) for `entry`, a value as a list had it: an address, a
// network, a range, address:port, a name (with the names below it if `database` says so), a URL, a
// URL prefix ending in '*', or a digest. What is none of these gets the pattern of the observable
// of `hit`, one of the entry's. Sets pattern->failed when there is no memory.
void stix_pattern_append(struct buffer *pattern, const struct database *database,
                         struct slice entry, const struct hit *hit);
