// Events, as far as they say something of all their attributes.
#include "loader/misp.h"

#include "base/uuid.h"
#include "loader/csv_field.h"

enum { EVENT_DEPTH_MAX = 3 };

struct slice misp_text(struct json_value value)
{
	return json_reader_type(value) == JSON_STRING ? json_reader_string(value)
	                                              : slice_of(NULL, 0);
}

bool misp_time(struct json_value value, int64_t *ret_time_ns)
{
	if (json_reader_type(value) == JSON_INTEGER) {
		int64_t seconds = json_reader_integer(value);

		if (seconds <= 0 || seconds > INT64_MAX / NS_PER_S)
			return false;
		*ret_time_ns = seconds * NS_PER_S;
		return true;
	}
	return csv_field_time(misp_text(value), ret_time_ns);
}

bool misp_is_true(struct json_value value)
{
	switch (json_reader_type(value)) {
	case JSON_BOOLEAN:
		return json_reader_boolean(value);
	case JSON_INTEGER:
		return json_reader_integer(value) != 0;
	default:
		return slice_is(misp_text(value), "1") || slice_is(misp_text(value), "true");
	}
}

void misp_event_reset(struct misp_event *event)
{
	buffer_clear(&event->info);
	buffer_clear(&event->creator);
	buffer_clear(&event->tags.labels);
	buffer_clear(&event->tags.threat_types);
	event->tags.tlp = TLP_NONE;
	event->tags.has_unknown_tlp = false;
	event->tags.has_left_out = false;
	event->has_told_tags = false;
	event->tags.confidence = CONFIDENCE_NONE;
	event->date_ns = TIMESTAMP_MIN;
}

void misp_event_close(struct misp_event *event)
{
	buffer_close(&event->info);
	buffer_close(&event->creator);
	misp_tags_close(&event->tags);
}

// One line of it: lists are joined by line feeds.
static void keep_line(struct buffer *buffer, struct slice text)
{
	buffer_clear(buffer);
	text = slice_first(text, MISP_TEXT_BYTES_MAX);
	for (size_t i = 0; i < text.size; i++)
		buffer_append_byte(buffer, text.data[i] == '\n' ? ' ' : text.data[i]);
}

static void read_creator(struct misp_event *event, struct json_value value)
{
	struct json_walk walk;
	struct slice key;

	if (json_reader_type(value) != JSON_OBJECT)
		return;
	walk = json_reader_walk(value);
	while (json_reader_next_member(&walk, &key, &value)) {
		struct slice uuid = misp_text(value);

		if (!slice_is(key, "uuid") || uuid.size != UUID_TEXT_BYTES - 1)
			continue;
		buffer_clear(&event->creator);
		buffer_append_text(&event->creator, "identity--");
		buffer_append_slice(&event->creator, uuid);
	}
}

void misp_event_note_proposals(const struct misp_reader *reader, struct json_value array)
{
	struct json_walk walk;
	struct json_value item;

	if (json_reader_type(array) != JSON_ARRAY)
		return;
	walk = json_reader_walk(array);
	while (json_reader_next_item(&walk, &item))
		report_note(&reader->feed->summary->report, "proposal (shadow attribute)",
		            buffer_slice(&reader->event.info), "%s", "");
}

void misp_event_note_tags(struct misp_reader *reader, const struct misp_tags *tags)
{
	if (!tags->has_left_out || reader->event.has_told_tags)
		return;
	reader->event.has_told_tags = true;
	report_add(&reader->feed->summary->report,
	           &(struct problem){
			   .reason = "more tags than a record keeps",
			   .consequence = "the first 1 KB of them are kept",
			   .object = buffer_slice(&reader->event.info),
		   });
}

static void read_member(struct misp_reader *reader, struct slice key, struct json_value value)
{
	struct misp_event *event = &reader->event;

	if (slice_is(key, "info"))
		keep_line(&event->info, misp_text(value));
	else if (slice_is(key, "date"))
		(void)misp_time(value, &event->date_ns);
	else if (slice_is(key, "Orgc"))
		read_creator(event, value);
	else if (slice_is(key, "Tag"))
		misp_tags_read(&event->tags, value);
	else if (slice_is(key, "Galaxy"))
		misp_tags_read_galaxies(&event->tags, value);
	else if (slice_is(key, "ShadowAttribute"))
		misp_event_note_proposals(reader, value);
}

// "Event", "response" or "Object" around what is meant.
static void read_members(struct misp_reader *reader, struct json_value object, unsigned depth)
{
	struct json_walk walk = json_reader_walk(object);
	struct json_value value;
	struct slice key;

	while (json_reader_next_member(&walk, &key, &value)) {
		bool is_inner = json_reader_type(value) == JSON_OBJECT &&
		                (slice_is(key, "Event") || slice_is(key, "response") ||
		                 slice_is(key, "Object"));

		if (is_inner && depth < EVENT_DEPTH_MAX)
			read_members(reader, value, depth + 1);
		else
			read_member(reader, key, value);
	}
}

void misp_event_read(struct misp_reader *reader, struct json_value root)
{
	if (json_reader_type(root) == JSON_OBJECT)
		read_members(reader, root, 1);
	misp_event_note_tags(reader, &reader->event.tags);
}
