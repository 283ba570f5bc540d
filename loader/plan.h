// loader/plan.h — what a STIX pattern asks of the engine.
//
// plan_pattern() parses a pattern (loader/pattern.h, the whole grammar of STIX 2.1, section 9) and
// turns it into values for the intake, when it is one comparison or an OR of such. What the engine
// cannot match yet is said, with the reason, never dropped silently.
#pragma once

#include <stddef.h>

#include "base/arena.h"
#include "base/slice.h"
#include "loader/intake.h"

enum plan_outcome {
	PLAN_VALUES,    // values[] realise the pattern
	PLAN_PARTLY,    // values[] realise some alternatives of an OR; reason says what is left out
	PLAN_UNMATCHED, // parsed, but not matchable (yet, or by a network sensor): reason
	PLAN_INVALID,   // not a STIX pattern: reason is "invalid pattern", detail says where
};

struct plan {
	enum plan_outcome outcome;
	size_t value_count;
	struct candidate
		*values;     // text in the arena or in the pattern; object and line are not set
	bool is_held;        // all of it, or an alternative, only says what is not the case
	const char *reason;  // static: "not matchable on a network: windows-registry-key" is
	                     // reason "not visible on a network" and detail the object type
	struct slice detail; // in the arena
};

// `arena` owns what the plan points to. Memory and depth are bounded: patterns over 1 MB or nested
// deeper than 64 are PLAN_INVALID, saying so. Returns 0 or -ENOMEM.
int plan_pattern(struct slice pattern, struct arena *arena, struct plan *ret_plan);
