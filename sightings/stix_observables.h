// sightings/stix_observables.h — a hit as cyber-observable objects (STIX 2.1, section 6).
#pragma once

#include "engine/hit.h"
#include "sightings/stix_bundle.h"

enum { STIX_OBSERVABLES_MAX = 4 }; // network-traffic, its two addresses, the value

struct stix_observables {
	struct stix_id ids[STIX_OBSERVABLES_MAX];
	unsigned count;
};

// Adds the objects of one observation to the bundle and gives their ids: the network traffic, its
// addresses, and what was seen in it.
//
// Values are brought into the form that STIX asks for, or left out when there is none: a name
// must conform to RFC 1034 and RFC 5890 (so none with '_', or with "--" where only an A-label has
// it), a URL to RFC 3986 (other characters, and bytes that are not ASCII, are percent-encoded).
// What is left out is in the other outputs.
void stix_observables_add(struct stix_bundle *bundle, const struct hit *hit,
                          struct stix_observables *ret_observables);
