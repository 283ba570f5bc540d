// loader/screening.h — what a person has to do with the screen: own nets and names, and the values
// that are refused until somebody accepts them.
//
// Filled by whoever reads a source (sync.c), asked by the intake, read back afterwards. One thread.
// Borrowed by the feed's options. Values are as the source spells them, without blanks around.
#pragma once

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/slice.h"
#include "engine/indicator.h"

struct screening;

enum { SCREENING_REFUSED_MAX = 1000 }; // remembered of a run; further ones are counted

// What is one's own; borrowed.
struct screening_own {
	const struct prefix *networks;
	const char *const *names; // normalised
	unsigned network_count, name_count;
};

// Returns 0 and gives it to the caller (screening_free), or -ENOMEM.
int screening_create(const struct screening_own *own, struct screening **ret_screening);

// Accepts NULL.
void screening_free(struct screening *screening);
DEFINE_AUTO(screening, screening_free)

// A person accepted this value. Returns 0 or -ENOMEM.
int screening_accept(struct screening *screening, struct slice value);

// Why one's own cannot be listed: static text; NULL when it is not one's own.
const char *screening_own_prefix(const struct screening *screening, const struct prefix *prefix);
const char *screening_own_name(const struct screening *screening, struct slice name);

// Of a value that the screen refuses for `reason`: did a person accept it? Otherwise it is
// remembered. `screening` may be NULL: nobody did.
bool screening_passes(struct screening *screening, struct slice value, const char *reason);

struct screening_refused {
	const char *value; // printable; of a pattern: id and pattern
	const char *reason;
};

// How reasons of what goes to the review queue for its shape end.
#define SCREENING_HELD "held for review"

// A pattern, or a part of one, is held for its shape: no value could be compiled for it, whatever a
// person says. Remembered like refused values, and as many. `screening` may be NULL.
void screening_hold(struct screening *screening, struct slice id, struct slice pattern,
                    const char *reason);

// What was remembered; *ret_further counts those that were not. Valid until screening_free().
unsigned screening_refused(const struct screening *screening,
                           const struct screening_refused **ret_refused, uint64_t *ret_further);
unsigned screening_held(const struct screening *screening,
                        const struct screening_refused **ret_held, uint64_t *ret_further);
