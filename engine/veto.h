// engine/veto.h — what of the veto set covers an observable: asked of every drop.
//
// A name covers itself and all below it, a prefix itself and all inside, an entry that is a URL
// counts as its host (engine/build_veto.c saw to that), a hash covers itself. Ports, protocols and
// kinds of entries do not matter: nothing narrows a veto.
#pragma once

#include "engine/database.h"

// HOT, but asked only where a drop was met. The id of an indicator of `veto` that covers the
// observable, or NO_INDICATOR. A URL is asked by its host; the reverse name of an address
// (in-addr.arpa) as the name that it is, and as the address.
uint32_t veto_find(const struct database *veto, const struct observable *observable);

// Likewise for all addresses of a prefix.
uint32_t veto_find_prefix(const struct database *veto, const struct prefix *prefix);
