#include "sightings/stix_objects.h"

#include <errno.h>
#include <stdio.h>

#include "base/json_text.h"
#include "sightings/observable_text.h"
#include "sightings/stix_pattern.h"

enum { COUNT_MAX = 999999999 }; // STIX 2.1, sections 4.14 and 5.2

// What has no date of its own was made when its name space was.
#define CREATED_WITH_NAME_SPACE "2026-01-01T00:00:00.000Z"

static void append_head(struct buffer *json, const char *type, const struct stix_id *id)
{
	buffer_format(json, "{\"type\":\"%s\",\"spec_version\":\"2.1\",\"id\":\"%s\"", type,
	              id->text);
}

static void append_text(struct buffer *json, const char *name, struct slice text)
{
	buffer_format(json, ",\"%s\":", name);
	json_text_append(json, text);
}

static void append_time(struct buffer *json, const char *name, int64_t time_ns, unsigned digits)
{
	char text[TIMESTAMP_TEXT_BYTES];

	timestamp_format(time_ns, digits, text);
	append_text(json, name, slice_text(text));
}

// "created" and "modified" are precise to the millisecond (section 3.2).
static void append_versions(struct buffer *json, const struct stix_id *sensor, int64_t created_ns,
                            int64_t modified_ns)
{
	append_text(json, "created_by_ref", slice_text(sensor->text));
	append_time(json, "created", created_ns, 3);
	append_time(json, "modified", modified_ns, 3);
}

// Microseconds, though a capture may have more: the common library (stix2 for Python) reads no
// more. Both have all six digits, so that they compare as text, too.
static void append_span(struct buffer *json, const char *const names[2], int64_t first_ns,
                        int64_t last_ns)
{
	append_time(json, names[0], first_ns, 6);
	append_time(json, names[1], last_ns, 6);
}

static void append_ids(struct buffer *json, const char *name, const struct stix_id ids[],
                       size_t count)
{
	buffer_format(json, ",\"%s\":[", name);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buffer_append_byte(json, ',');
		json_text_append(json, slice_text(ids[i].text));
	}
	buffer_append_byte(json, ']');
}

static void finish(struct stix_bundle *bundle, enum stix_class class, int64_t time_ns,
                   const struct stix_id *id, struct buffer *json)
{
	buffer_append_byte(json, '}');
	if (json->failed)
		bundle->error = -ENOMEM;
	stix_bundle_add(bundle, class, time_ns, slice_text(id->text), buffer_slice(json));
	buffer_close(json);
}

static void make_id(struct stix_bundle *bundle, const char *type, const struct slice parts[],
                    size_t part_count, struct stix_id *ret_id)
{
	*ret_id = (struct stix_id){0};
	if (bundle->error == 0)
		bundle->error = stix_ids_make(type, parts, part_count, ret_id);
}

void stix_objects_add_sensor(struct stix_bundle *bundle, struct slice name, struct stix_id *ret_id)
{
	struct buffer json = {0};

	make_id(bundle, "identity", &name, 1, ret_id);
	append_head(&json, "identity", ret_id);
	buffer_append_text(&json, ",\"created\":\"" CREATED_WITH_NAME_SPACE
	                          "\",\"modified\":\"" CREATED_WITH_NAME_SPACE "\"");
	append_text(&json, "name", name);
	buffer_append_text(&json, ",\"identity_class\":\"system\"");
	finish(bundle, STIX_SENSOR, 0, ret_id, &json);
}

// The open vocabulary of section 10.6.
static bool is_indicator_type(struct slice text)
{
	static const char *const types[] = {
		"anomalous-activity", "anonymization", "benign", "compromised",
		"malicious-activity", "attribution",   "unknown"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (slice_is(text, types[i]))
			return true;
	return false;
}

// Appends those elements of `list` (joined by '\n') that are indicator types, or those that are
// not. Returns how many there are in the array now.
static unsigned append_elements(struct buffer *array, struct slice list, bool are_types,
                                unsigned count)
{
	while (list.size > 0) {
		size_t size = slice_find(list, '\n');
		struct slice element = slice_first(list, size);

		list = slice_from(list, size + 1);
		if (element.size == 0 || is_indicator_type(element) != are_types)
			continue;
		buffer_append_byte(array, count++ == 0 ? '[' : ',');
		json_text_append(array, element);
	}
	return count;
}

// Threat types that STIX knows are indicator_types, others are labels.
static void append_vocabulary(struct buffer *json, const struct indicator *indicator)
{
	struct buffer types = {0};
	struct buffer labels = {0};
	unsigned label_count;

	if (append_elements(&types, indicator->threat_types, true, 0) > 0) {
		buffer_append_text(json, ",\"indicator_types\":");
		buffer_append_slice(json, buffer_slice(&types));
		buffer_append_byte(json, ']');
	}
	label_count = append_elements(&labels, indicator->threat_types, false, 0);
	label_count = append_elements(&labels, indicator->labels, false, label_count);
	if (label_count > 0) {
		buffer_append_text(json, ",\"labels\":");
		buffer_append_slice(json, buffer_slice(&labels));
		buffer_append_byte(json, ']');
	}
	json->failed |= types.failed || labels.failed;
	buffer_close(&types);
	buffer_close(&labels);
}

static void append_description(struct buffer *json, const struct indicator *indicator)
{
	struct buffer text = {0};

	buffer_append_text(&text, "Entry of a list");
	if (!indicator->is_source_hidden && indicator->source.size > 0) {
		buffer_append_text(&text, ": ");
		buffer_append_slice(&text, indicator->source);
	}
	append_text(json, "description", buffer_slice(&text));
	json->failed |= text.failed;
	buffer_close(&text);
}

static void append_entry_times(struct buffer *json, const struct indicator *indicator)
{
	int64_t created_ns = indicator->created_ns;
	int64_t modified_ns = indicator->modified_ns;
	int64_t valid_from_ns = indicator->valid_from_ns;

	if (valid_from_ns == TIMESTAMP_MIN)
		valid_from_ns = created_ns == TIMESTAMP_MIN ? 0 : created_ns;
	if (created_ns == TIMESTAMP_MIN)
		(void)timestamp_parse(slice_text(CREATED_WITH_NAME_SPACE), &created_ns);
	if (modified_ns < created_ns)
		modified_ns = created_ns;
	append_time(json, "created", created_ns, 3);
	append_time(json, "modified", modified_ns, 3);
	append_time(json, "valid_from", valid_from_ns, 6);
	if (indicator->valid_until_ns != TIMESTAMP_MAX &&
	    indicator->valid_until_ns / NS_PER_US > valid_from_ns / NS_PER_US)
		append_time(json, "valid_until", indicator->valid_until_ns, 6);
}

void stix_objects_add_entry(struct stix_bundle *bundle, const struct stix_entry *entry)
{
	const struct indicator *indicator = entry->indicator;
	struct buffer json = {0};
	struct buffer pattern = {0};
	struct stix_markings markings = {0};

	stix_markings_add(&markings, indicator);
	stix_pattern_append(&pattern, entry->database, indicator->value, entry->hit);
	append_head(&json, "indicator", entry->id);
	append_text(&json, "name", indicator->name.size > 0 ? indicator->name : indicator->value);
	append_description(&json, indicator);
	append_vocabulary(&json, indicator);
	append_text(&json, "pattern", buffer_slice(&pattern));
	buffer_append_text(&json, ",\"pattern_type\":\"stix\",\"pattern_version\":\"2.1\"");
	append_entry_times(&json, indicator);
	if (indicator->confidence <= 100)
		buffer_format(&json, ",\"confidence\":%u", indicator->confidence);
	stix_markings_append(&markings, &json);
	json.failed |= pattern.failed;
	buffer_close(&pattern);
	finish(bundle, STIX_INDICATOR, 0, entry->id, &json);
}

// What tells an observation from the others of its sighting: when, which packet, what. Where the
// value stood in the packet does not count, so that a name which is both question and answer of
// a DNS message is observed once.
static void make_observation_id(struct stix_bundle *bundle,
                                const struct stix_observation *observation,
                                const struct stix_observables *observables, struct stix_id *ret_id)
{
	const struct hit *hit = observation->hit;
	struct observable_text room;
	char moment[96];

	(void)snprintf(moment, sizeof(moment), "%lld %lld %llu", (long long)hit->origin.time_ns,
	               (long long)hit->origin.last_time_ns,
	               (unsigned long long)hit->origin.packet_number);
	struct slice parts[] = {
		slice_text(observation->sighting->text),
		slice_text(moment),
		observable_text(&hit->observable, &room),
		slice_text(observables->ids[0].text),
	};
	make_id(bundle, "observed-data", parts, sizeof(parts) / sizeof(parts[0]), ret_id);
}

void stix_objects_add_observation(struct stix_bundle *bundle,
                                  const struct stix_observation *observation,
                                  struct stix_id *ret_id)
{
	static const char *const span[] = {"first_observed", "last_observed"};
	const struct origin *origin = &observation->hit->origin;
	struct stix_observables observables = {0};
	struct buffer json = {0};

	stix_observables_add(bundle, observation->hit, &observables);
	make_observation_id(bundle, observation, &observables, ret_id);
	append_head(&json, "observed-data", ret_id);
	append_versions(&json, observation->sensor, origin->time_ns, origin->last_time_ns);
	append_span(&json, span, origin->time_ns, origin->last_time_ns);
	buffer_append_text(&json, ",\"number_observed\":1");
	append_ids(&json, "object_refs", observables.ids, observables.count);
	stix_markings_append(observation->markings, &json);
	finish(bundle, STIX_OBSERVED_DATA, origin->time_ns, ret_id, &json);
}

void stix_objects_add_sighting(struct stix_bundle *bundle, const struct stix_sighting *sighting)
{
	static const char *const span[] = {"first_seen", "last_seen"};
	struct buffer json = {0};
	uint64_t count = sighting->count < COUNT_MAX ? sighting->count : COUNT_MAX;

	append_head(&json, "sighting", &sighting->id);
	append_versions(&json, sighting->sensor, sighting->first_seen_ns, sighting->last_seen_ns);
	if (sighting->beside_count > 0)
		buffer_format(&json,
		              ",\"description\":\"%llu of %llu: a name below the indicator's, "
		              "which does not match its pattern\"",
		              (unsigned long long)sighting->beside_count,
		              (unsigned long long)sighting->count);
	append_span(&json, span, sighting->first_seen_ns, sighting->last_seen_ns);
	buffer_format(&json, ",\"count\":%llu", (unsigned long long)count);
	append_text(&json, "sighting_of_ref", slice_text(sighting->indicator.text));
	if (sighting->observation_count > 0)
		append_ids(&json, "observed_data_refs", sighting->observations,
		           sighting->observation_count);
	append_ids(&json, "where_sighted_refs", sighting->sensor, 1);
	stix_markings_append(sighting->markings, &json);
	finish(bundle, STIX_SIGHTING, sighting->first_seen_ns, &sighting->id, &json);
}
