// The hits as a STIX 2.1 bundle: sorted again by indicator and capture, each group one sighting.
#include "sightings/sightings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "sightings/hit_order.h"
#include "sightings/state.h"
#include "sightings/stix_group.h"
#include "sightings/stix_objects.h"

enum {
	KEY_BYTES = 36,        // of the indicator's STIX id: its UUID, in front of the hit's record
	OBSERVED_DEFAULT = 10, // observed-data per sighting
	MEMORY_SHARE = 4,      // of the memory for hits, for each of the two sorters here
	MEMORY_MIN = 1024 * 1024,
};

struct writer {
	struct sightings *sightings;
	const struct stix_options *options;
	struct stix_summary summary;
	struct sorter *groups; // key and hit
	struct stix_bundle bundle;
	struct stix_group group;
	struct stix_id sensor;
	bool has_groups;
};

static int compare_by_group(struct slice a, struct slice b)
{
	int order = memcmp(a.data, b.data, KEY_BYTES);
	struct hit first;
	struct hit second;

	if (order != 0)
		return order;
	hit_read(slice_from(a, KEY_BYTES), &first);
	hit_read(slice_from(b, KEY_BYTES), &second);
	return hit_order_by_capture(&first, &second);
}

// A name below the one that a STIX pattern equals: worth a look, but the pattern is not matched,
// and a sighting would say that it is. An entry of a list means the names below it.
static bool is_beside_pattern(const struct hit *hit, const struct indicator *indicator)
{
	return hit->kind == MATCH_PARENT && stix_ids_is_id(indicator->id, "indicator");
}

static bool is_told(struct writer *writer, const struct hit_reader *reader)
{
	if (reader->hit.action < ACTION_ALERT)
		return false;
	if (writer->options->has_all)
		return true;
	if (reader->validity != VALIDITY_VALID)
		return false;
	if (!is_beside_pattern(&reader->hit, &reader->indicator))
		return true;
	writer->summary.hits_beside_patterns++;
	return false;
}

// Both "indicator--<UUID>", received or made.
static struct slice group_key(const struct stix_id *indicator)
{
	return slice_of(indicator->text + strlen("indicator--"), KEY_BYTES);
}

static int sort_into_groups(struct writer *writer)
{
	struct hit_reader reader;
	struct buffer record = {0};
	int error = hit_reader_open(writer->sightings, &reader);
	int got = 0;

	while (error == 0 && (got = hit_reader_next(&reader)) > 0) {
		struct stix_id id;

		if (!is_told(writer, &reader))
			continue;
		error = stix_ids_of_indicator(&reader.indicator, &id);
		if (error < 0)
			break;
		buffer_clear(&record);
		buffer_append_slice(&record, group_key(&id));
		buffer_append_slice(&record, reader.record);
		error = record.failed ? -ENOMEM : sorter_add(writer->groups, buffer_slice(&record));
		writer->has_groups = true;
	}
	hit_reader_close(&reader);
	buffer_close(&record);
	return error < 0 ? error : got;
}

// Not by what was seen: a later run that finds more hits gives a new version of the same sighting.
static void make_sighting_id(struct writer *writer, struct stix_id *ret_id)
{
	const struct stix_group *group = &writer->group;
	uint32_t capture_id = group->last.origin.capture_id;
	const char *path = state_capture(writer->sightings, capture_id);
	const char *slash = strrchr(path, '/');
	int64_t start_ns = state_capture_start_ns(writer->sightings, capture_id);
	char start[TIMESTAMP_TEXT_BYTES] = "";

	if (start_ns != TIMESTAMP_MAX)
		timestamp_format(start_ns, 9, start);
	struct slice parts[] = {
		slice_text(group->indicator.text),
		slice_text(writer->sensor.text),
		slice_text(slash != NULL ? slash + 1 : path),
		slice_text(start),
		slice_text(writer->options->has_all ? "all" : "valid"),
	};
	*ret_id = (struct stix_id){0};
	if (writer->bundle.error == 0)
		writer->bundle.error = stix_ids_make("sighting", parts,
		                                     sizeof(parts) / sizeof(parts[0]), ret_id);
}

// Adds the observed-data of the sample; ids in `ids`, each once. Returns how many.
static size_t add_observations(struct writer *writer, const struct stix_id *sighting,
                               struct stix_id *ids)
{
	const struct stix_group *group = &writer->group;
	size_t count = 0;

	for (unsigned i = 0; i < group->sample_count; i++) {
		struct stix_observation observation = {
			.sighting = sighting,
			.sensor = &writer->sensor,
			.markings = &group->markings,
			.hit = &group->sample[i],
		};

		stix_objects_add_observation(&writer->bundle, &observation, &ids[count]);
		// Those of one packet are neighbours.
		if (count == 0 || strcmp(ids[count].text, ids[count - 1].text) != 0)
			count++;
	}
	return count;
}

static int add_sighting(struct writer *writer)
{
	const struct stix_group *group = &writer->group;
	struct stix_id *observations;
	struct stix_sighting sighting = {
		.indicator = group->indicator,
		.sensor = &writer->sensor,
		.markings = &group->markings,
		.count = group->count,
		.beside_count = group->beside_count,
		.first_seen_ns = group->first_seen_ns,
		.last_seen_ns = group->last_seen_ns,
	};

	if (group->count == 0)
		return 0;
	observations = calloc(group->sample_max, sizeof(*observations));
	if (observations == NULL)
		return -ENOMEM;
	make_sighting_id(writer, &sighting.id);
	sighting.observations = observations;
	sighting.observation_count = add_observations(writer, &sighting.id, observations);
	stix_objects_add_sighting(&writer->bundle, &sighting);
	stix_markings_define(&group->markings, writer->sightings->options.database,
	                     &writer->bundle);
	free(observations);
	return writer->bundle.error;
}

// The indicator as it was received, if it is asked for, with its creator.
static void add_received(struct writer *writer, const struct hit *hit,
                         const struct indicator *indicator)
{
	const struct database *database = writer->sightings->options.database;
	struct buffer json = {0};
	int error = database_indicator_object(database, hit->indicator_id, &json);

	if (error == 0)
		stix_bundle_add(&writer->bundle, STIX_INDICATOR, 0, indicator->id,
		                buffer_slice(&json));
	else
		writer->summary.indicators_not_kept++;
	buffer_clear(&json);
	if (error == 0 && stix_ids_is_id(indicator->created_by, "identity") &&
	    database_object(database, indicator->created_by, &json) == 0)
		stix_bundle_add(&writer->bundle, STIX_CREATOR, 0, indicator->created_by,
		                buffer_slice(&json));
	buffer_close(&json);
}

static void add_indicator(struct writer *writer, const struct hit *hit,
                          const struct indicator *indicator)
{
	const struct stix_entry entry = {
		.id = &writer->group.indicator,
		.indicator = indicator,
		.database = writer->sightings->options.database,
		.hit = hit,
	};

	if (!stix_ids_is_id(indicator->id, "indicator"))
		stix_objects_add_entry(&writer->bundle, &entry);
	else if (writer->options->has_indicators)
		add_received(writer, hit, indicator);
}

// Ends the group before `hit` if it is of another one, and starts that.
static int step(struct writer *writer, struct slice key, const struct hit *hit,
                const struct indicator *indicator)
{
	struct stix_group *group = &writer->group;
	unsigned sample_max = writer->options->observed_max > 0 ? writer->options->observed_max
	                                                        : OBSERVED_DEFAULT;
	bool is_same_indicator = group->count > 0 && slice_equal(group_key(&group->indicator), key);
	struct stix_id id;
	int error;

	if (is_same_indicator && group->last.origin.capture_id == hit->origin.capture_id)
		return 0;
	error = add_sighting(writer);
	if (error == 0)
		error = stix_ids_of_indicator(indicator, &id);
	if (error == 0)
		error = stix_group_start(group, &id, sample_max);
	if (error == 0 && !is_same_indicator)
		add_indicator(writer, hit, indicator);
	return error;
}

static int add_sightings(struct writer *writer)
{
	AUTO(sorter_cursor) cursor = NULL;
	int error = sorter_read(writer->groups, &cursor);
	struct slice record;
	int got = 0;

	while (error == 0 && (got = sorter_next(cursor, &record)) > 0) {
		struct indicator indicator = {0};
		struct hit hit;

		hit_read(slice_from(record, KEY_BYTES), &hit);
		(void)database_indicator(writer->sightings->options.database, hit.indicator_id,
		                         &indicator); // sightings_add() has seen it
		error = step(writer, slice_first(record, KEY_BYTES), &hit, &indicator);
		if (error == 0)
			error = stix_group_add(&writer->group, &hit, &indicator,
			                       is_beside_pattern(&hit, &indicator));
	}
	if (error == 0 && got == 0)
		error = add_sighting(writer);
	return error < 0 ? error : got;
}

static int make_bundle(struct writer *writer)
{
	struct slice sensor = slice_text(writer->options->sensor);
	size_t memory = writer->sightings->options.memory_bytes > 0
	                        ? writer->sightings->options.memory_bytes
	                        : SORTER_MEMORY_DEFAULT;
	int error;

	memory = memory / MEMORY_SHARE > MEMORY_MIN ? memory / MEMORY_SHARE : MEMORY_MIN;
	error = stix_bundle_open(memory, sensor, &writer->bundle);
	if (error == 0)
		error = sorter_create(memory, compare_by_group, &writer->groups);
	if (error == 0)
		error = sort_into_groups(writer);
	if (error == 0 && writer->has_groups)
		stix_objects_add_sensor(&writer->bundle, sensor, &writer->sensor);
	return error < 0 ? error : add_sightings(writer);
}

int sightings_write_stix(struct sightings *sightings, FILE *file,
                         const struct stix_options *options, struct stix_summary *ret_summary)
{
	struct writer writer = {.sightings = sightings, .options = options};
	int error = make_bundle(&writer);

	if (error == 0)
		error = stix_bundle_write(&writer.bundle, file);
	writer.summary.sightings = writer.bundle.sighting_count;
	writer.summary.objects = writer.bundle.object_count;
	stix_group_close(&writer.group);
	stix_bundle_close(&writer.bundle);
	sorter_free(writer.groups);
	if (error == 0)
		*ret_summary = writer.summary;
	return error;
}
