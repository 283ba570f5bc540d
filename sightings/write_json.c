// One JSON object a hit and line. Names are those of Suricata's EVE where EVE has one; what is
// unknown has no member. Output is for machines: nothing is defanged.
#include "sightings/sightings.h"

#include <netinet/in.h>
#include <stdio.h>

#include "base/buffer.h"
#include "base/json_text.h"
#include "engine/normalize.h"
#include "sightings/community_id.h"
#include "sightings/observable_text.h"
#include "sightings/state.h"
#include "sightings/stix_ids.h"

enum { FLUSH_BYTES = 256 * 1024 };

static void append_name(struct buffer *json, const char *name)
{
	if (json->size > 0 && json->data[json->size - 1] != '{')
		buffer_append_byte(json, ',');
	json_text_append(json, slice_text(name));
	buffer_append_byte(json, ':');
}

static void append_text(struct buffer *json, const char *name, struct slice text)
{
	if (text.size == 0)
		return;
	append_name(json, name);
	json_text_append(json, text);
}

static void append_number(struct buffer *json, const char *name, uint64_t number)
{
	append_name(json, name);
	buffer_format(json, "%llu", (unsigned long long)number);
}

static void append_time(struct buffer *json, const char *name, int64_t time_ns)
{
	char text[TIMESTAMP_TEXT_BYTES];

	if (time_ns == TIMESTAMP_MIN || time_ns == TIMESTAMP_MAX)
		return;
	timestamp_format(time_ns, state_time_digits(time_ns), text);
	append_text(json, name, slice_text(text));
}

// A list of an indicator, joined by '\n'.
static void append_list(struct buffer *json, const char *name, struct slice list)
{
	if (list.size == 0)
		return;
	append_name(json, name);
	for (char mark = '['; list.size > 0; mark = ',') {
		size_t size = slice_find(list, '\n');

		buffer_append_byte(json, (uint8_t)mark);
		json_text_append(json, slice_first(list, size));
		list = slice_from(list, size + 1);
	}
	buffer_append_byte(json, ']');
}

static void open_object(struct buffer *json, const char *name)
{
	append_name(json, name);
	buffer_append_byte(json, '{');
}

static void append_protocol(struct buffer *json, uint8_t protocol)
{
	char number[4];

	switch (protocol) {
	case IPPROTO_TCP:
		append_text(json, "proto", slice_text("TCP"));
		return;
	case IPPROTO_UDP:
		append_text(json, "proto", slice_text("UDP"));
		return;
	case IPPROTO_ICMP:
		append_text(json, "proto", slice_text("ICMP"));
		return;
	case IPPROTO_ICMPV6:
		append_text(json, "proto", slice_text("IPv6-ICMP"));
		return;
	case IPPROTO_SCTP:
		append_text(json, "proto", slice_text("SCTP"));
		return;
	default:
		(void)snprintf(number, sizeof(number), "%u", protocol);
		append_text(json, "proto", slice_text(number));
	}
}

static void append_address(struct buffer *json, const char *name, const struct address *address)
{
	char text[ADDRESS_TEXT_BYTES];

	normalize_format_address(address, text);
	append_text(json, name, slice_text(text));
}

static void append_origin(struct buffer *json, const struct origin *origin)
{
	bool is_icmp = origin->protocol == IPPROTO_ICMP || origin->protocol == IPPROTO_ICMPV6;
	bool has_ports = origin->protocol == IPPROTO_TCP || origin->protocol == IPPROTO_UDP ||
	                 origin->protocol == IPPROTO_SCTP;
	char community_id[COMMUNITY_ID_TEXT_BYTES];

	append_address(json, "src_ip", &origin->src);
	if (has_ports)
		append_number(json, "src_port", origin->src_port);
	append_address(json, "dest_ip", &origin->dst);
	if (has_ports)
		append_number(json, "dest_port", origin->dst_port);
	append_protocol(json, origin->protocol);
	if (is_icmp) {
		append_number(json, "icmp_type", origin->src_port);
		append_number(json, "icmp_code", origin->dst_port);
	}
	if (community_id_format(origin, community_id) == 0)
		append_text(json, "community_id", slice_text(community_id));
	else
		json->failed = true;
}

static void append_match(struct buffer *json, const struct hit_reader *reader)
{
	const struct hit *hit = &reader->hit;
	struct observable_text value;

	open_object(json, "observable");
	append_text(json, "type", slice_text(observable_type_name(&hit->observable)));
	append_text(json, "value", observable_text(&hit->observable, &value));
	append_text(json, "where", slice_text(observable_where_name(hit->observable.where)));
	buffer_append_byte(json, '}');

	open_object(json, "match");
	append_text(json, "kind", slice_text(match_kind_name(hit->kind)));
	append_text(json, "action", slice_text(action_name(hit->action)));
	append_text(json, "validity", slice_text(state_validity_name(reader->validity)));
	buffer_append_byte(json, '}');
}

static void append_indicator(struct buffer *json, const struct indicator *indicator)
{
	struct stix_id id;

	if (stix_ids_of_indicator(indicator, &id) < 0)
		json->failed = true;
	open_object(json, "indicator");
	append_text(json, "id", slice_text(id.text));
	append_text(json, "name", indicator->name);
	append_text(json, "value", indicator->value);
	append_list(json, "threat_types", indicator->threat_types);
	append_list(json, "labels", indicator->labels);
	append_text(json, "group", indicator->group);
	append_list(json, "reports", indicator->report_names);
	if (!indicator->is_source_hidden) {
		append_text(json, "source", indicator->source);
		append_text(json, "created_by", indicator->created_by);
		if (indicator->line > 0)
			append_number(json, "line", indicator->line);
	}
	if (indicator->tlp != TLP_NONE)
		append_text(json, "tlp", slice_text(tlp_name(indicator->tlp)));
	if (indicator->confidence != CONFIDENCE_NONE)
		append_number(json, "confidence", indicator->confidence);
	append_time(json, "valid_from", indicator->valid_from_ns);
	append_time(json, "valid_until", indicator->valid_until_ns);
	buffer_append_byte(json, '}');
}

static void append_flow(struct buffer *json, const struct origin *origin)
{
	open_object(json, "flow");
	append_number(json, "pkts", origin->packet_count);
	append_number(json, "bytes", origin->byte_count);
	append_time(json, "start", origin->time_ns);
	append_time(json, "end", origin->last_time_ns);
	buffer_append_byte(json, '}');
}

static void append_hit(struct buffer *json, const struct hit_reader *reader)
{
	const struct origin *origin = &reader->hit.origin;

	buffer_append_byte(json, '{');
	append_time(json, "timestamp", origin->time_ns);
	append_text(json, "event_type", slice_text("indicator"));
	append_origin(json, origin);
	open_object(json, "capture");
	append_text(json, "file", slice_text(state_capture(reader->sightings, origin->capture_id)));
	append_number(json, "packet", origin->packet_number);
	buffer_append_byte(json, '}');
	append_match(json, reader);
	append_indicator(json, &reader->indicator);
	if (origin->packet_count > 0)
		append_flow(json, origin);
	buffer_append_text(json, "}\n");
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
