// Which indicator was hit when: what is counted of them elsewhere.
#include "sightings/state.h"

int sightings_each_hit(struct sightings *sightings,
                       int (*visit)(void *context, const struct indicator *indicator,
                                    int64_t time_ns),
                       void *context)
{
	struct hit_reader reader;
	int result = hit_reader_open(sightings, &reader);

	while (result == 0 && (result = hit_reader_next(&reader)) == 1) {
		result = 0;
		if (reader.validity == VALIDITY_VALID)
			result = visit(context, &reader.indicator, reader.hit.origin.time_ns);
	}
	hit_reader_close(&reader);
	return result;
}
