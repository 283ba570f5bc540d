#include "sightings/stix_markings.h"

#include <errno.h>

#include "base/json_text.h"

// The markings of TLP 1 (STIX 2.1, section 7.2.1.4) and of TLP 2.0 (its extension definition,
// published by OASIS with the common objects).
struct tlp_marking {
	const char *id;
	const char *name;
	const char *word;
	enum tlp level;
	bool is_tlp_2;
};

static const struct tlp_marking tlp_markings[] = {
	{"marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9", "TLP:WHITE", "white",
         TLP_CLEAR, false},
	{"marking-definition--34098fce-860f-48ae-8e50-ebd3cc5e41da", "TLP:GREEN", "green",
         TLP_GREEN, false},
	{"marking-definition--f88d31f6-486f-44da-b317-01333bde0b82", "TLP:AMBER", "amber",
         TLP_AMBER, false},
	{"marking-definition--5e57c739-391a-4eb3-b6be-7d15ca92d5ed", "TLP:RED", "red", TLP_RED,
         false},
	{"marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487", "TLP:CLEAR", "clear",
         TLP_CLEAR, true},
	{"marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb", "TLP:GREEN", "green",
         TLP_GREEN, true},
	{"marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421", "TLP:AMBER", "amber",
         TLP_AMBER, true},
	{"marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003", "TLP:AMBER+STRICT",
         "amber+strict", TLP_AMBER_STRICT, true},
	{"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1", "TLP:RED", "red", TLP_RED,
         true},
};
enum { TLP_MARKING_COUNT = sizeof(tlp_markings) / sizeof(tlp_markings[0]) };

static const struct tlp_marking *find_tlp(struct slice id)
{
	for (unsigned i = 0; i < TLP_MARKING_COUNT; i++)
		if (slice_is(id, tlp_markings[i].id))
			return &tlp_markings[i];
	return NULL;
}

static void add_id(struct stix_markings *markings, struct slice id)
{
	if (!stix_ids_is_id(id, "marking-definition") || markings->count == STIX_MARKINGS_MAX)
		return;
	for (unsigned i = 0; i < markings->count; i++)
		if (slice_is(id, markings->ids[i].text))
			return;

	char *text = markings->ids[markings->count++].text;
	memcpy(text, id.data, id.size);
	text[id.size] = '\0';
}

static bool says_tlp(const struct stix_markings *markings, enum tlp level)
{
	for (unsigned i = 0; i < markings->count; i++) {
		const struct tlp_marking *marking = find_tlp(slice_text(markings->ids[i].text));

		if (marking != NULL && marking->level >= level)
			return true;
	}
	return false;
}

static void add_tlp(struct stix_markings *markings, enum tlp level)
{
	for (unsigned i = 0; i < TLP_MARKING_COUNT; i++)
		if (tlp_markings[i].is_tlp_2 && tlp_markings[i].level == level)
			add_id(markings, slice_text(tlp_markings[i].id));
}

void stix_markings_add(struct stix_markings *markings, const struct indicator *indicator)
{
	struct slice list = indicator->markings;

	// However long the list is, there is room left for a TLP of each level.
	while (list.size > 0 && markings->count < STIX_MARKINGS_MAX - TLP_COUNT) {
		size_t size = slice_find(list, '\n');

		add_id(markings, slice_first(list, size));
		list = slice_from(list, size + 1);
	}
	if (indicator->tlp != TLP_NONE && !says_tlp(markings, indicator->tlp))
		add_tlp(markings, indicator->tlp);
}

void stix_markings_append(const struct stix_markings *markings, struct buffer *json)
{
	for (unsigned i = 0; i < markings->count; i++) {
		buffer_append_text(json, i == 0 ? ",\"object_marking_refs\":[" : ",");
		json_text_append(json, slice_text(markings->ids[i].text));
	}
	if (markings->count > 0)
		buffer_append_byte(json, ']');
}

static void append_tlp(struct buffer *json, const struct tlp_marking *marking)
{
	buffer_format(json,
	              "{\"type\":\"marking-definition\",\"spec_version\":\"2.1\",\"id\":\"%s\",",
	              marking->id);
	if (marking->is_tlp_2)
		buffer_format(json,
		              "\"created\":\"2022-10-01T00:00:00.000Z\",\"name\":\"%s\","
		              "\"extensions\":{\"extension-definition--60a3c5c5-0d10-413e-aab3-"
		              "9e08dde9e88d\":{\"extension_type\":\"property-extension\","
		              "\"tlp_2_0\":\"%s\"}}}",
		              marking->name, marking->word);
	else
		buffer_format(
			json,
			"\"created\":\"2017-01-20T00:00:00.000Z\",\"definition_type\":\"tlp\","
			"\"name\":\"%s\",\"definition\":{\"tlp\":\"%s\"}}",
			marking->name, marking->word);
}

void stix_markings_define(const struct stix_markings *markings, const struct database *database,
                          struct stix_bundle *bundle)
{
	struct buffer json = {0};

	for (unsigned i = 0; i < markings->count; i++) {
		struct slice id = slice_text(markings->ids[i].text);
		const struct tlp_marking *tlp = find_tlp(id);

		buffer_clear(&json);
		if (tlp != NULL)
			append_tlp(&json, tlp);
		else if (database_object(database, id, &json) < 0)
			continue; // not kept: the reference stands alone
		if (json.failed)
			bundle->error = -ENOMEM;
		stix_bundle_add(bundle, STIX_MARKING, 0, id, buffer_slice(&json));
	}
	buffer_close(&json);
}
