// engine/address_range.h — a range of addresses, and the networks that make it up.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "engine/indicator.h"

struct address_range {
	struct address first;
	struct address last; // not before `first`
	bool is_empty;
};

// "192.0.2.0-192.0.2.255", with spaces around the hyphen or without. False when it is not two
// addresses of one family, or the last comes before the first.
bool address_range_parse(struct slice text, struct address_range *ret_range);

// Does it hold more addresses than a network of that length (0-128)?
bool address_range_is_wider(const struct address_range *range, unsigned length);

// Takes the largest network off the front, which gives the fewest. False when nothing is left.
// A range has at most 254.
bool address_range_next(struct address_range *range, struct prefix *ret_prefix);
