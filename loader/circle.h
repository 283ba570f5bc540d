// loader/circle.h — does a server that always has more to come go round in a circle?
//
// Brent's way: one page is remembered, a later one whenever the count has doubled. A circle of any
// length is found while it is gone through for the third time at the latest.
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { CIRCLE_DIGEST_BYTES = 32 };

// All zero is a valid one that has seen nothing.
struct circle {
	uint64_t page_count;
	uint8_t digest[CIRCLE_DIGEST_BYTES]; // of the one remembered
};

// Takes the digest of the page that came. True: it is the one remembered.
bool circle_is_closed(struct circle *circle, const uint8_t digest[CIRCLE_DIGEST_BYTES]);
