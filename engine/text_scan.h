// engine/text_scan.h — which texts of a string pool hold a part: one pass over the pool's bytes.
//
// Texts are asked for in about the order in which they lie in the pool; then the pool is read once,
// in order, at the speed of memory. In any other order each text is looked at by itself.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum { TEXT_SCAN_PROBES = 2 };

// To be begun with all zero but the first two.
struct text_scan {
	struct slice pool;               // SECTION_STRINGS
	struct slice part;               // not empty; ASCII letters of either case are equal
	size_t origin;                   // from where on `next` was searched
	size_t next;                     // the first place of the part from there on
	size_t probes[TEXT_SCAN_PROBES]; // where in the part its rarest bytes are
	bool has_begun;
};

// Does the text hold the part? `behind` is a text that lies behind this one in the pool, often
// the next that will be asked for, or 0 when none is known.
bool text_scan_holds(struct text_scan *scan, uint32_t text, uint32_t behind);

// Are they equal but for the case of ASCII letters?
bool text_scan_is_equal(struct slice a, struct slice b);
