#include "sightings/event_json.h"

#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>

#include "base/json_text.h"
#include "base/timestamp.h"
#include "engine/normalize.h"
#include "sightings/community_id.h"
#include "sightings/observable_text.h"
#include "sightings/sightings.h"
#include "sightings/state.h"

static void append_name(struct buffer *json, const char *name)
{
	if (json->size > 0 && json->data[json->size - 1] != '{')
		buffer_append_byte(json, ',');
	json_text_append(json, slice_text(name));
	buffer_append_byte(json, ':');
}

void event_json_text(struct buffer *json, const char *name, struct slice text)
{
	if (text.size == 0)
		return;
	append_name(json, name);
	json_text_append(json, text);
}

void event_json_number(struct buffer *json, const char *name, uint64_t number)
{
	append_name(json, name);
	buffer_format(json, "%llu", (unsigned long long)number);
}

void event_json_time(struct buffer *json, const char *name, int64_t time_ns)
{
	char text[TIMESTAMP_TEXT_BYTES];

	if (time_ns == TIMESTAMP_MIN || time_ns == TIMESTAMP_MAX)
		return;
	timestamp_format(time_ns, state_time_digits(time_ns), text);
	event_json_text(json, name, slice_text(text));
}

void event_json_list(struct buffer *json, const char *name, struct slice list)
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

void event_json_open(struct buffer *json, const char *name)
{
	append_name(json, name);
	buffer_append_byte(json, '{');
}

static void append_protocol(struct buffer *json, uint8_t protocol)
{
	char number[4];

	switch (protocol) {
	case IPPROTO_TCP:
		event_json_text(json, "proto", slice_text("TCP"));
		return;
	case IPPROTO_UDP:
		event_json_text(json, "proto", slice_text("UDP"));
		return;
	case IPPROTO_ICMP:
		event_json_text(json, "proto", slice_text("ICMP"));
		return;
	case IPPROTO_ICMPV6:
		event_json_text(json, "proto", slice_text("IPv6-ICMP"));
		return;
	case IPPROTO_SCTP:
		event_json_text(json, "proto", slice_text("SCTP"));
		return;
	default:
		(void)snprintf(number, sizeof(number), "%u", protocol);
		event_json_text(json, "proto", slice_text(number));
	}
}

static void append_address(struct buffer *json, const char *name, const struct address *address)
{
	char text[ADDRESS_TEXT_BYTES];

	normalize_format_address(address, text);
	event_json_text(json, name, slice_text(text));
}

static bool has_ports(const struct origin *origin)
{
	return origin->protocol == IPPROTO_TCP || origin->protocol == IPPROTO_UDP ||
	       origin->protocol == IPPROTO_SCTP;
}

static void append_community_id(struct buffer *json, const struct origin *origin)
{
	char text[COMMUNITY_ID_TEXT_BYTES];

	if (community_id_format(origin, text) < 0)
		json->failed = true;
	else
		event_json_text(json, "community_id", slice_text(text));
}

static void append_endpoints(struct buffer *json, const struct origin *origin)
{
	bool is_icmp = origin->protocol == IPPROTO_ICMP || origin->protocol == IPPROTO_ICMPV6;

	append_address(json, "src_ip", &origin->src);
	if (has_ports(origin))
		event_json_number(json, "src_port", origin->src_port);
	append_address(json, "dest_ip", &origin->dst);
	if (has_ports(origin))
		event_json_number(json, "dest_port", origin->dst_port);
	append_protocol(json, origin->protocol);
	if (is_icmp) {
		event_json_number(json, "icmp_type", origin->src_port);
		event_json_number(json, "icmp_code", origin->dst_port);
	}
}

void event_json_begin(struct buffer *json, const char *event_type, const struct origin *origin)
{
	buffer_append_byte(json, '{');
	event_json_time(json, "timestamp", origin->time_ns);
	event_json_text(json, "event_type", slice_text(event_type));
	append_endpoints(json, origin);
	append_community_id(json, origin);
}

void event_json_capture(struct buffer *json, const char *capture, const struct origin *origin)
{
	event_json_open(json, "capture");
	event_json_text(json, "file", slice_text(capture));
	event_json_number(json, "packet", origin->packet_number);
	buffer_append_byte(json, '}');
}

void event_json_observable(struct buffer *json, const struct observable *observable)
{
	struct observable_text value;

	event_json_open(json, "observable");
	event_json_text(json, "type", slice_text(observable_type_name(observable)));
	event_json_text(json, "value", observable_text(observable, &value));
	if (observable->where == WHERE_HTTP_HOST && observable->port != 0) // no port of the 5-tuple
		event_json_number(json, "port", observable->port);
	event_json_text(json, "where", slice_text(observable_where_name(observable->where)));
	buffer_append_byte(json, '}');
}

void sightings_append_observable(struct buffer *json, const char *capture,
                                 const struct origin *origin, const struct observable *observable)
{
	event_json_begin(json, "observable", origin);
	event_json_capture(json, capture, origin);
	event_json_observable(json, observable);
	buffer_append_text(json, "}\n");
}

static void append_digests(struct buffer *json, const struct file_seen *file)
{
	static const char *const names[] = {
		[HASH_MD5] = "md5",
		[HASH_SHA1] = "sha1",
		[HASH_SHA256] = "sha256",
		[HASH_SHA512] = "sha512",
	};
	struct observable_text room;

	static_assert(sizeof(names) / sizeof(names[0]) == HASH_ALGORITHM_COUNT, "one name each");
	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++) {
		const struct observable digest = {
			.type = OBSERVABLE_HASH,
			.text = slice_of(file->digests[i], hash_algorithm_bytes[i]),
		};

		if (file->algorithms & 1u << i)
			event_json_text(json, names[i], observable_text(&digest, &room));
	}
}

void sightings_append_file(struct buffer *json, const char *capture, const struct origin *origin,
                           const struct file_seen *file)
{
	event_json_begin(json, "fileinfo", origin);
	event_json_capture(json, capture, origin);
	event_json_open(json, "fileinfo");
	event_json_text(json, "filename", file->name);
	event_json_text(json, "type", file->media_type);
	event_json_number(json, "size", file->size_bytes);
	event_json_text(json, "state", slice_text(file->is_whole ? "CLOSED" : "TRUNCATED"));
	append_digests(json, file);
	event_json_text(json, "where", slice_text(observable_where_name(file->where)));
	buffer_append_text(json, "}}\n");
}
