// loader/taxii2_envelope.h — what a page of objects says around the objects, read in one pass.
//
// TAXII 2.1, section 3.7 (envelope); TAXII 2.0 sends a STIX bundle instead. The objects
// themselves are the STIX reader's business; memory does not grow with the page.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loader/circle.h"

enum {
	TAXII2_NEXT_BYTES = 4096, // a longer `next` is refused
};

struct taxii2_envelope {
	uint64_t object_count;
	bool has_objects; // there is a member of that name
	bool has_more;    // `more` is there
	bool is_more;
	char next[TAXII2_NEXT_BYTES];        // "": there is none
	uint8_t digest[CIRCLE_DIGEST_BYTES]; // SHA-256 of the objects as they stand
};

// Reads all of `fd` from its start. Returns 0, -ENOMEM, the file's error, or -EBADMSG with the
// reason, static text, in *ret_reason: brackets that do not fit, an end before the end, not a JSON
// object, more than 1,000 deep. Whether each object is good JSON is not looked at.
int taxii2_envelope_read(int fd, struct taxii2_envelope *ret_envelope, const char **ret_reason);
