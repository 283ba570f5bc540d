// loader/versioned.h — indicators that are made whole before they are added, in versions.
//
// For readers that know all values of an indicator when they add it (STIX 1.x, OpenIOC, MISP). A
// version counts only against those of the same source, creator and id (loader/versions.h). What
// has no id has no versions either: it is always new.
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "loader/reader.h"
#include "loader/sink.h"

struct candidate;

// One feed's. All zero but `feed` at first.
struct versioned {
	struct feed *feed;
	uint32_t first_indicator_id; // of this feed, NO_INDICATOR when there is none yet
};

// Is it new, or newer than what is known? Else it is counted as a duplicate.
bool versioned_is_news(struct versioned *versioned, const struct indicator *record);

// Adds one that is news with those of its values that the intake takes (it reports the others), in
// place of the version known. Without any value it only takes that one out. Returns 0 or an error.
int versioned_add(struct versioned *versioned, const struct indicator *record,
                  const struct candidate *const values[], size_t value_count);

// Likewise, with a function that gives the values to the intake, and returns how many were taken,
// or an error. NULL: there are none.
typedef int64_t versioned_values_fn(void *context, uint32_t indicator_id);
int versioned_add_by(struct versioned *versioned, const struct indicator *record,
                     versioned_values_fn *add_values, void *context);

// Is a version of it looked for, of those that came in this run?
bool versioned_is_held(const struct versioned *versioned, const struct indicator *record);

// Takes another indicator out for ever, whether it came already or comes later. Returns 0 or an
// error.
int versioned_withdraw(struct versioned *versioned, const struct sink_identity *identity,
                       int64_t modified_ns, enum sink_withdrawal why);
