#include "loader/misp_tags.h"

#include <strings.h>

#include "loader/csv_field.h"

// "namespace:predicate="value"" → 0-100, as STIX 2.1, appendix A, maps the scales that it knows.
static const struct {
	const char *tag;
	uint8_t confidence;
} confidence_tags[] = {
	{"misp:confidence-level=\"completely-confident\"", 100},
	{"misp:confidence-level=\"usually-confident\"", 75},
	{"misp:confidence-level=\"fairly-confident\"", 50},
	{"misp:confidence-level=\"rarely-confident\"", 25},
	{"misp:confidence-level=\"unconfident\"", 0},
	{"estimative-language:confidence-in-analytic-judgment=\"low\"", 15},
	{"estimative-language:confidence-in-analytic-judgment=\"moderate\"", 50},
	{"estimative-language:confidence-in-analytic-judgment=\"high\"", 85},
	{"estimative-language:likelihood-probability=\"almost-no-chance\"", 5},
	{"estimative-language:likelihood-probability=\"very-unlikely\"", 15},
	{"estimative-language:likelihood-probability=\"unlikely\"", 30},
	{"estimative-language:likelihood-probability=\"roughly-even-chance\"", 50},
	{"estimative-language:likelihood-probability=\"likely\"", 70},
	{"estimative-language:likelihood-probability=\"very-likely\"", 85},
	{"estimative-language:likelihood-probability=\"almost-certain\"", 95},
	{"admiralty-scale:information-credibility=\"1\"", 90},
	{"admiralty-scale:information-credibility=\"2\"", 70},
	{"admiralty-scale:information-credibility=\"3\"", 50},
	{"admiralty-scale:information-credibility=\"4\"", 30},
	{"admiralty-scale:information-credibility=\"5\"", 10},
};

// Tags whose value is a kind of threat: "malware_classification:malware-category="Ransomware"".
static const char *const threat_prefixes[] = {
	"malware_classification:malware-category=",
	"ms-caro-malware:malware-type=",
	"ms-caro-malware-full:malware-type=",
	"circl:incident-classification=",
	"rsit:",
	"ecsirt:",
	"enisa:nefarious-activity-abuse=",
	"kill-chain:",
	"cryptocurrency-threat:",
};

// Galaxies that are named after a kind of threat: "misp-galaxy:ransomware="X"" is ransomware.
static const char *const threat_galaxies[] = {
	"ransomware", "botnet",       "banker", "rat",     "stealer",  "exploit-kit",
	"backdoor",   "cryptominers", "tds",    "android", "malpedia",
};

void misp_tags_open(struct misp_tags *tags)
{
	*tags = (struct misp_tags){.confidence = CONFIDENCE_NONE};
}

void misp_tags_close(struct misp_tags *tags)
{
	buffer_close(&tags->labels);
	buffer_close(&tags->threat_types);
}

void misp_tags_inherit(struct misp_tags *tags, const struct misp_tags *above)
{
	buffer_clear(&tags->labels);
	buffer_clear(&tags->threat_types);
	buffer_append_slice(&tags->labels, buffer_slice(&above->labels));
	buffer_append_slice(&tags->threat_types, buffer_slice(&above->threat_types));
	tags->tlp = above->tlp;
	tags->has_unknown_tlp = above->has_unknown_tlp;
	tags->has_left_out = false;
	tags->confidence = CONFIDENCE_NONE;
}

static bool list_has(struct slice list, struct slice item)
{
	while (list.size > 0) {
		size_t end = slice_find(list, '\n');

		if (slice_equal(slice_first(list, end), item))
			return true;
		list = slice_from(list, end + 1);
	}
	return false;
}

static void list_add(struct misp_tags *tags, struct buffer *list, struct slice item)
{
	if (item.size == 0 || slice_find(item, '\n') < item.size ||
	    list_has(buffer_slice(list), item))
		return;
	if (list->size + (list->size > 0) + item.size > MISP_TAGS_BYTES_MAX) {
		tags->has_left_out = true;
		return;
	}
	if (list->size > 0)
		buffer_append_byte(list, '\n');
	buffer_append_slice(list, item);
}

static bool begins_with(struct slice text, const char *prefix)
{
	size_t size = strlen(prefix);

	return text.size >= size && strncasecmp((const char *)text.data, prefix, size) == 0;
}

// "…="value"": the value; what has none is itself.
static struct slice value_of(struct slice tag)
{
	struct slice value = slice_from(tag, slice_find(tag, '=') + 1);

	if (slice_starts_with(value, "\"") && slice_ends_with(value, "\"") && value.size >= 2)
		value = slice_first(slice_from(value, 1), value.size - 2);
	return value;
}

// Several markings: the strictest. One that cannot be read is stricter than all that can.
static void add_tlp(struct misp_tags *tags, struct slice tag)
{
	enum tlp tlp;

	if (!csv_field_tlp(tag, &tlp)) {
		tags->has_unknown_tlp = true;
		tlp = TLP_RED;
	}
	if (tlp > tags->tlp)
		tags->tlp = tlp;
}

static void add_confidence(struct misp_tags *tags, struct slice tag)
{
	uint8_t confidence;

	if (tags->confidence != CONFIDENCE_NONE)
		return;
	if (begins_with(tag, "osint:certainty=") &&
	    csv_field_confidence(value_of(tag), &confidence))
		tags->confidence = confidence;
	for (size_t i = 0; i < sizeof(confidence_tags) / sizeof(confidence_tags[0]); i++)
		if (tag.size == strlen(confidence_tags[i].tag) &&
		    begins_with(tag, confidence_tags[i].tag))
			tags->confidence = confidence_tags[i].confidence;
}

static void add_threat_type(struct misp_tags *tags, struct slice tag)
{
	static const char galaxy[] = "misp-galaxy:";

	for (size_t i = 0; i < sizeof(threat_prefixes) / sizeof(threat_prefixes[0]); i++)
		if (begins_with(tag, threat_prefixes[i]) && slice_find(tag, '=') < tag.size)
			list_add(tags, &tags->threat_types, value_of(tag));
	if (!begins_with(tag, galaxy))
		return;
	struct slice name = slice_from(tag, strlen(galaxy));
	name = slice_first(name, slice_find(name, '='));
	for (size_t i = 0; i < sizeof(threat_galaxies) / sizeof(threat_galaxies[0]); i++)
		if (slice_is(name, threat_galaxies[i]))
			list_add(tags, &tags->threat_types, name);
}

void misp_tags_add(struct misp_tags *tags, struct slice tag)
{
	tag = slice_trim(tag);
	if (begins_with(tag, "tlp:")) {
		add_tlp(tags, tag);
		return;
	}
	add_confidence(tags, tag);
	add_threat_type(tags, tag);
	list_add(tags, &tags->labels, tag);
}

// The text of the member `key` of an object; empty when there is none.
static struct slice member_text(struct json_value object, const char *key)
{
	struct json_walk walk = json_reader_walk(object);
	struct slice name;
	struct json_value value;

	while (json_reader_next_member(&walk, &name, &value))
		if (slice_is(name, key) && json_reader_type(value) == JSON_STRING)
			return json_reader_string(value);
	return slice_of(NULL, 0);
}

// All `key`s of the objects in an array, as tags.
static void read_items(struct misp_tags *tags, struct json_value array, const char *key)
{
	struct json_walk walk;
	struct json_value item;

	if (json_reader_type(array) != JSON_ARRAY)
		return;
	walk = json_reader_walk(array);
	for (unsigned i = 0; i < MISP_TAGS_MAX && json_reader_next_item(&walk, &item); i++)
		if (json_reader_type(item) == JSON_OBJECT)
			misp_tags_add(tags, member_text(item, key));
}

void misp_tags_read(struct misp_tags *tags, struct json_value array)
{
	read_items(tags, array, "name");
}

void misp_tags_read_galaxies(struct misp_tags *tags, struct json_value array)
{
	struct json_walk walk;
	struct json_value galaxy;
	struct json_value value;
	struct slice key;

	if (json_reader_type(array) != JSON_ARRAY)
		return;
	walk = json_reader_walk(array);
	for (unsigned i = 0; i < MISP_TAGS_MAX && json_reader_next_item(&walk, &galaxy); i++) {
		struct json_walk members;

		if (json_reader_type(galaxy) != JSON_OBJECT)
			continue;
		members = json_reader_walk(galaxy);
		while (json_reader_next_member(&members, &key, &value))
			if (slice_is(key, "GalaxyCluster"))
				read_items(tags, value, "tag_name");
	}
}
