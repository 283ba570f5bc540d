// One JSON object a hit and line.
#include "sightings/sightings.h"

#include <stdio.h>

#include "base/buffer.h"
#include "sightings/event_json.h"
#include "sightings/state.h"
#include "sightings/stix_ids.h"

enum { FLUSH_BYTES = 256 * 1024 };

// "dropped", "would-drop"; NULL: it did nothing to its packets.
static const char *outcome_name(enum hit_outcome outcome)
{
	static const char *const names[] = {
		[OUTCOME_NONE] = NULL,
		[OUTCOME_DROPPED] = "dropped",
		[OUTCOME_WOULD_DROP] = "would-drop",
	};

	return names[outcome];
}

static void append_match(struct buffer *json, const struct hit *hit,
                         const struct indicator *indicator)
{
	enum validity validity = state_validity(indicator, hit->origin.time_ns);

	event_json_observable(json, &hit->observable);
	event_json_open(json, "match");
	event_json_text(json, "kind", slice_text(match_kind_name(hit->kind)));
	event_json_text(json, "action", slice_text(action_name(hit->action)));
	if (hit->is_vetoed)
		buffer_append_text(json, ",\"vetoed\":true");
	event_json_text(json, "outcome", slice_text(outcome_name(hit->outcome)));
	event_json_text(json, "validity", slice_text(state_validity_name(validity)));
	buffer_append_byte(json, '}');
}

static void append_indicator(struct buffer *json, const struct indicator *indicator)
{
	struct stix_id id;

	if (stix_ids_of_indicator(indicator, &id) < 0)
		json->failed = true;
	event_json_open(json, "indicator");
	event_json_text(json, "id", slice_text(id.text));
	event_json_text(json, "name", indicator->name);
	event_json_text(json, "value", indicator->value);
	event_json_list(json, "threat_types", indicator->threat_types);
	event_json_list(json, "labels", indicator->labels);
	event_json_list(json, "tags", indicator->tags);
	event_json_text(json, "group", indicator->group);
	event_json_list(json, "reports", indicator->report_names);
	if (!indicator->is_source_hidden) {
		event_json_text(json, "source", indicator->source);
		event_json_text(json, "created_by", indicator->created_by);
		if (indicator->line > 0)
			event_json_number(json, "line", indicator->line);
	}
	if (indicator->tlp != TLP_NONE)
		event_json_text(json, "tlp", slice_text(tlp_name(indicator->tlp)));
	if (indicator->confidence != CONFIDENCE_NONE)
		event_json_number(json, "confidence", indicator->confidence);
	event_json_time(json, "valid_from", indicator->valid_from_ns);
	event_json_time(json, "valid_until", indicator->valid_until_ns);
	buffer_append_byte(json, '}');
}

static void append_flow(struct buffer *json, const struct origin *origin)
{
	event_json_open(json, "flow");
	event_json_number(json, "pkts", origin->packet_count);
	event_json_number(json, "bytes", origin->byte_count);
	event_json_time(json, "start", origin->time_ns);
	event_json_time(json, "end", origin->last_time_ns);
	buffer_append_byte(json, '}');
}

// What follows where it was seen.
static void append_what(struct buffer *json, const struct hit *hit,
                        const struct indicator *indicator)
{
	append_match(json, hit, indicator);
	append_indicator(json, indicator);
	if (hit->origin.packet_count > 0)
		append_flow(json, &hit->origin);
	buffer_append_text(json, "}\n");
}

static void append_hit(struct buffer *json, const struct hit_reader *reader)
{
	const struct origin *origin = &reader->hit.origin;

	event_json_begin(json, "indicator", origin);
	event_json_capture(json, state_capture(reader->sightings, origin->capture_id), origin);
	append_what(json, &reader->hit, &reader->indicator);
}

bool sightings_append_hit(struct buffer *json, const struct sensor_hit *seen)
{
	struct indicator indicator;

	if (!database_indicator(seen->database, seen->hit->indicator_id, &indicator))
		return false;
	event_json_begin(json, "indicator", &seen->hit->origin);
	event_json_text(json, "host", slice_text(seen->sensor));
	event_json_text(json, "in_iface", slice_text(seen->device));
	append_what(json, seen->hit, &indicator);
	return true;
}

int sightings_write_json(struct sightings *sightings, FILE *file)
{
	struct hit_reader reader;
	struct buffer json = {0};
	int error = hit_reader_open(sightings, &reader);
	int got = 0;

	while (error == 0 && (got = hit_reader_next(&reader)) > 0) {
		append_hit(&json, &reader);
		if (json.size >= FLUSH_BYTES || json.failed)
			error = state_flush(&json, file);
	}
	if (error == 0)
		error = got < 0 ? got : state_flush(&json, file);
	hit_reader_close(&reader);
	buffer_close(&json);
	return error;
}
