#include "sightings/stix_group.h"

#include <errno.h>
#include <stdlib.h>

#include "sightings/hit_order.h"

int stix_group_start(struct stix_group *group, const struct stix_id *indicator, unsigned sample_max)
{
	if (group->sample_max != sample_max) {
		struct hit *sample = reallocarray(group->sample, sample_max, sizeof(*sample));

		if (sample == NULL)
			return -ENOMEM;
		group->sample = sample;
		group->sample_max = sample_max;
	}
	arena_reset(&group->texts);
	buffer_clear(&group->last_text);
	group->sample_count = 0;
	group->count = 0;
	group->beside_count = 0;
	group->last_indicator_id = NO_INDICATOR;
	group->markings.count = 0;
	group->indicator = *indicator;
	return 0;
}

void stix_group_close(struct stix_group *group)
{
	free(group->sample);
	arena_close(&group->texts);
	buffer_close(&group->last_text);
	*group = (struct stix_group){0};
}

static int keep_sample(struct stix_group *group, const struct hit *hit)
{
	if (group->sample_count == group->sample_max)
		return 0;

	struct slice text = arena_copy(&group->texts, hit->observable.text);
	if (text.data == NULL)
		return -ENOMEM;
	group->sample[group->sample_count] = *hit;
	group->sample[group->sample_count++].observable.text = text;
	return 0;
}

static int remember_last(struct stix_group *group, const struct hit *hit)
{
	buffer_clear(&group->last_text);
	buffer_append_slice(&group->last_text, hit->observable.text);
	group->last = *hit;
	group->last.observable.text = buffer_slice(&group->last_text);
	return group->last_text.failed ? -ENOMEM : 0;
}

int stix_group_add(struct stix_group *group, const struct hit *hit,
                   const struct indicator *indicator, bool is_beside_pattern)
{
	if (group->last_indicator_id != hit->indicator_id)
		stix_markings_add(&group->markings, indicator);
	group->last_indicator_id = hit->indicator_id;
	if (group->count > 0 && hit_order_is_same_observation(&group->last, hit))
		return 0;
	if (group->count == 0) {
		group->first_seen_ns = hit->origin.time_ns;
		group->last_seen_ns = hit->origin.last_time_ns;
	}
	if (group->last_seen_ns < hit->origin.last_time_ns)
		group->last_seen_ns = hit->origin.last_time_ns;
	group->count++;
	group->beside_count += is_beside_pattern;

	int error = keep_sample(group, hit);
	return error < 0 ? error : remember_last(group, hit);
}
