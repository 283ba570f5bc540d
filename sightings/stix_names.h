// sightings/stix_names.h — names and URLs in the form STIX asks for.
#pragma once

#include <stdbool.h>

#include "base/buffer.h"

// Does a name, in lower case and without root dot, conform to RFC 1034 and RFC 5890, as a
// domain-name must (STIX 2.1, section 6.4)?
bool stix_names_is_name(struct slice name);

// Appends an http or https URL as RFC 3986 has it: what may not stand in a URI is
// percent-encoded. Returns false, having appended nothing, when it is no such URL.
bool stix_names_append_url(struct buffer *to, struct slice url);
