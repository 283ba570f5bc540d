// sightings/hit_order.h — the orders in which hits are sorted. All are total: only equal hits
// compare equal, so that the order in which they arrived never shows.
#pragma once

#include <stdbool.h>

#include "engine/hit.h"

// By time, capture, packet, indicator, then the rest of the hit.
int hit_order_by_time(const struct hit *a, const struct hit *b);

// By capture, time, packet, the rest of the hit, and the indicator last: hits that differ only
// in their indicator are neighbours.
int hit_order_by_capture(const struct hit *a, const struct hit *b);

// By indicator, value, then by time.
int hit_order_by_value(const struct hit *a, const struct hit *b);

// Have they the same indicator and the same value, wherever it stood?
bool hit_order_is_same_value(const struct hit *a, const struct hit *b);

// Do they tell of the same observable in the same place, whatever the indicator?
bool hit_order_is_same_observation(const struct hit *a, const struct hit *b);
