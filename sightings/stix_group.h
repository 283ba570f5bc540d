// sightings/stix_group.h — the hits of one indicator in one capture, on their way to a sighting.
//
// Memory is bounded: the hits are counted, and the first few kept as the sample that becomes
// observed-data.
#pragma once

#include "base/arena.h"
#include "engine/hit.h"
#include "sightings/stix_ids.h"
#include "sightings/stix_markings.h"

// All zero is a valid, empty group.
struct stix_group {
	uint64_t count;
	uint64_t beside_count; // of those: hits that do not realise the indicator's pattern
	int64_t first_seen_ns;
	int64_t last_seen_ns;
	uint32_t last_indicator_id;
	struct stix_id indicator;
	struct stix_markings markings;
	struct hit last; // its text is in last_text
	struct buffer last_text;
	struct hit *sample; // their texts are in `texts`
	unsigned sample_count;
	unsigned sample_max;
	struct arena texts;
};

// Empties the group, for up to `sample_max` hits of `indicator`. Returns 0 or -ENOMEM.
int stix_group_start(struct stix_group *group, const struct stix_id *indicator,
                     unsigned sample_max);
void stix_group_close(struct stix_group *group);

// Counts `hit` in, which comes in the order of hit_order_by_capture(). The same observation under
// another record of the same indicator (two feeds send it) counts once. Returns 0 or -ENOMEM.
int stix_group_add(struct stix_group *group, const struct hit *hit,
                   const struct indicator *indicator, bool is_beside_pattern);
