// Attributes: what is looked for.
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "loader/misp_attribute.h"
#include "loader/stix_id.h"

void misp_attribute_tell(const struct misp_reader *reader, const struct misp_attribute *attribute,
                         const char *reason, const char *consequence)
{
	bool has_id = attribute->id.size > 0;

	report_add(&reader->feed->summary->report,
	           &(struct problem){
			   .reason = reason,
			   .consequence = consequence,
			   .object = has_id ? attribute->id : attribute->value,
			   .detail = has_id ? attribute->value : attribute->type_name,
		   });
}

static void read_id(struct misp_attribute *attribute, struct slice uuid)
{
	int size = snprintf(attribute->id_text, sizeof(attribute->id_text), "indicator--%.*s",
	                    SLICE_FORMAT(slice_first(uuid, UUID_TEXT_BYTES)));

	for (int i = 0; i < size && i < ID_BYTES; i++)
		attribute->id_text[i] = (char)tolower((uint8_t)attribute->id_text[i]);

	struct slice id = slice_of(attribute->id_text, (size_t)size);
	if (stix_id_is(id, "indicator"))
		attribute->id = id;
}

// [{"score": …, "decayed": true, "DecayingModel": {…}}, …]: one for each model that applies.
static bool is_decayed(struct json_value models)
{
	struct json_walk walk;
	struct json_value model;
	struct json_value value;
	struct slice key;
	bool is_found = false;

	if (json_reader_type(models) != JSON_ARRAY)
		return false;
	walk = json_reader_walk(models);
	while (json_reader_next_item(&walk, &model)) {
		struct json_walk members;

		if (json_reader_type(model) != JSON_OBJECT)
			continue;
		members = json_reader_walk(model);
		while (json_reader_next_member(&members, &key, &value))
			is_found |= slice_is(key, "decayed") && misp_is_true(value);
	}
	return is_found;
}

static void read_member(struct misp_reader *reader, struct misp_attribute *attribute,
                        struct slice key, struct json_value value)
{
	if (slice_is(key, "uuid"))
		read_id(attribute, misp_text(value));
	else if (slice_is(key, "type"))
		attribute->type_name = misp_text(value);
	else if (slice_is(key, "value"))
		attribute->value = misp_text(value);
	else if (slice_is(key, "category"))
		attribute->category = misp_text(value);
	else if (slice_is(key, "comment"))
		attribute->comment = misp_text(value);
	else if (slice_is(key, "to_ids"))
		attribute->is_for_detection = misp_is_true(value);
	else if (slice_is(key, "deleted"))
		attribute->is_deleted = misp_is_true(value);
	else if (slice_is(key, "decay_score"))
		attribute->is_decayed = is_decayed(value);
	else if (slice_is(key, "timestamp"))
		(void)misp_time(value, &attribute->timestamp_ns);
	else if (slice_is(key, "first_seen"))
		(void)misp_time(value, &attribute->first_seen_ns);
	else if (slice_is(key, "last_seen"))
		(void)misp_time(value, &attribute->last_seen_ns);
	else if (slice_is(key, "Tag"))
		misp_tags_read(&reader->tags, value);
	else if (slice_is(key, "Galaxy"))
		misp_tags_read_galaxies(&reader->tags, value);
	else if (slice_is(key, "ShadowAttribute"))
		misp_event_note_proposals(reader, value);
	else if (slice_is(key, "Event") && reader->event.info.size == 0)
		misp_event_read(reader, value); // attributes without their event around them
}

static struct misp_attribute read_members(struct misp_reader *reader, struct json_value object)
{
	struct misp_attribute attribute = {
		.is_for_detection = true, // MISP's default for what can be matched
		.is_deleted = reader->object.is_deleted,
		.timestamp_ns = TIMESTAMP_MIN,
		.first_seen_ns = TIMESTAMP_MIN,
		.last_seen_ns = TIMESTAMP_MAX,
	};
	struct json_walk walk = json_reader_walk(object);
	struct json_value value;
	struct slice key;

	misp_tags_inherit(&reader->tags, &reader->object.tags);
	while (json_reader_next_member(&walk, &key, &value))
		read_member(reader, &attribute, key, value);
	misp_event_note_tags(reader, &reader->tags);
	attribute.type = misp_type_find(attribute.type_name);
	return attribute;
}

static bool is_port_used(const struct misp_reader *reader, const struct misp_attribute *attribute)
{
	return attribute->type->form == MISP_PORT && reader->object.has_ports &&
	       !attribute->is_deleted;
}

// What is not looked for, and is told. `ret_reason` is NULL when it is.
static const char *reason_against(const struct misp_reader *reader,
                                  const struct misp_attribute *attribute)
{
	if (attribute->type_name.size == 0 || attribute->value.size == 0)
		return "attribute without a type or a value";
	if (attribute->is_deleted)
		return "deleted";
	if (attribute->type->form == MISP_PORT)
		return reader->object.has_ports ? "port: with the addresses of its object"
		                                : "port: not matched without an address";
	if (attribute->type->form == MISP_UNMATCHED)
		return attribute->type->reason;
	if (!attribute->is_for_detection)
		return "to_ids is false: not for detection";
	return attribute->is_decayed ? "decayed: its score is below its model's threshold" : NULL;
}

static uint8_t confidence_of(const struct misp_reader *reader)
{
	const struct misp_tags *const levels[] = {&reader->tags, &reader->object.tags,
	                                          &reader->event.tags};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
		if (levels[i]->confidence != CONFIDENCE_NONE)
			return levels[i]->confidence;
	return CONFIDENCE_NONE;
}

static struct indicator fill_record(struct misp_reader *reader,
                                    const struct misp_attribute *attribute)
{
	struct indicator indicator = reader_new_indicator(reader->feed);
	struct misp_tags *tags = &reader->tags;

	indicator.id = attribute->id;
	indicator.name = slice_first(attribute->comment, slice_find(attribute->comment, '\n'));
	if (indicator.name.size > MISP_TEXT_BYTES_MAX)
		indicator.name = slice_of(NULL, 0);
	indicator.value = attribute->value;
	indicator.threat_types = tags->threat_types.size > 0 ? buffer_slice(&tags->threat_types)
	                                                     : attribute->category;
	indicator.labels = buffer_slice(&tags->labels);
	indicator.report_names = buffer_slice(&reader->event.info);
	indicator.created_by = buffer_slice(&reader->event.creator);
	indicator.modified_ns = attribute->timestamp_ns;
	indicator.created_ns = reader->event.date_ns != TIMESTAMP_MIN ? reader->event.date_ns
	                                                              : attribute->timestamp_ns;
	indicator.valid_from_ns = attribute->first_seen_ns;
	indicator.confidence = confidence_of(reader);
	if (attribute->last_seen_ns > attribute->first_seen_ns)
		indicator.valid_until_ns = attribute->last_seen_ns;
	if (tags->tlp != TLP_NONE)
		indicator.tlp = tags->tlp;
	return indicator;
}

struct adding {
	struct misp_reader *reader;
	const struct misp_attribute *attribute;
};

static int64_t add_values(void *context, uint32_t indicator_id)
{
	const struct adding *adding = context;

	return misp_value_add(adding->reader, adding->attribute, indicator_id);
}

static int read_version(struct misp_reader *reader, const struct misp_attribute *attribute)
{
	struct indicator record = fill_record(reader, attribute);
	struct adding adding = {reader, attribute};
	const char *reason;

	if (reader->tags.labels.failed || reader->tags.threat_types.failed)
		return -ENOMEM;
	if (!versioned_is_news(&reader->versioned, &record))
		return 0;
	reason = reason_against(reader, attribute);
	if (reason != NULL) {
		misp_attribute_tell(reader, attribute, reason,
		                    versioned_is_held(&reader->versioned, &record) ? "withdrawn"
		                    : is_port_used(reader, attribute)              ? "noted"
		                                                                   : NULL);
		return versioned_add_by(&reader->versioned, &record, NULL, NULL);
	}
	if (reader->tags.has_unknown_tlp)
		misp_attribute_tell(reader, attribute, "TLP not understood", "kept as TLP:RED");
	return versioned_add_by(&reader->versioned, &record, add_values, &adding);
}

int misp_attribute_read(struct misp_reader *reader, struct json_value value)
{
	reader->feed->summary->objects++;
	if (json_reader_type(value) != JSON_OBJECT) {
		report_note(&reader->feed->summary->report, "attribute that is not an object",
		            slice_text(json_reader_type_name(json_reader_type(value))), "%s", "");
		return 0;
	}

	struct misp_attribute attribute = read_members(reader, value);
	attribute.id.data = (const uint8_t *)attribute.id_text; // it has moved
	return read_version(reader, &attribute);
}
