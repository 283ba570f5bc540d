// dataplane/certificate.h — an X.509 certificate (RFC 5280): whose it is, who says so, what it is
// for, and its digests.
//
// The names are those of the subjectAltName extension (DNS names and addresses), and the subject's
// first common names that are host names and no wildcards of these. A name that stands in both is
// told once. "*.example.com" is told as it is: names above it find it, as they find every name
// below them; which names it stands for is not known.
//
// The reader is strict, and stops at the first thing that is not as RFC 5280 has it: a certificate
// like that tells nothing but its digests, and is counted as malformed.
#pragma once

#include "base/slice.h"
#include "dataplane/extract.h"

enum { CERTIFICATE_COMMON_NAMES_MAX = 8 }; // that are looked at: certificates have one

// Borrows from the certificate.
struct certificate {
	struct slice issuer;  // parts of the name
	struct slice subject; // likewise
	struct slice names;   // of subjectAltName; empty when there is none
};

// HOT. False when it is malformed.
bool certificate_read(struct slice der, struct certificate *ret_certificate);

// HOT. Adds the digests that are wanted (whoever observes wants SHA-1 and SHA-256) and the names;
// whoever observes is told subject and issuer.
void certificate_tell(struct slice der, struct extract_output *output);
