// Marking definitions, and what objects say about their markings (STIX 2.1, section 7.2).
#include "loader/stix2.h"

#include <errno.h>

#include "loader/markings.h"
#include "loader/stix_id.h"

enum { MARKINGS_MAX = 32 }; // of one object; further ones are left out and reported

static const char tlp2_extension[] = "extension-definition--60a3c5c5-0d15-413e-aab3-9e08dde9ede1";

// The text member `name` of an object.
static struct slice find_text(struct json_value value, const char *name)
{
	struct json_walk walk = json_reader_walk(value);
	struct json_value member;
	struct slice key;

	if (json_reader_type(value) != JSON_OBJECT)
		return slice_text("");
	while (json_reader_next_member(&walk, &key, &member))
		if (slice_is(key, name) && json_reader_type(member) == JSON_STRING)
			return json_reader_string(member);
	return slice_text("");
}

// TLP 2 is an extension of the marking definition.
static enum tlp tlp_of_extensions(struct json_value extensions)
{
	struct json_walk walk = json_reader_walk(extensions);
	struct json_value extension;
	struct slice key;
	enum tlp strictest = TLP_NONE;

	while (json_reader_next_member(&walk, &key, &extension)) {
		if (!slice_is(key, tlp2_extension))
			continue;
		enum tlp tlp = markings_tlp_by_name(find_text(extension, "tlp_2_0"));
		if (tlp > strictest)
			strictest = tlp;
	}
	return strictest;
}

// definition.tlp counts whatever the definition's type: AIS markings have one too.
enum tlp stix2_marking_tlp(const struct stix2_object *object)
{
	enum tlp strictest = TLP_NONE;
	struct json_value value;

	if (stix2_object_get(object, STIX2_DEFINITION, JSON_OBJECT, "kept without it", &value))
		strictest = markings_tlp_by_name(find_text(value, "tlp"));
	if (stix2_object_get(object, STIX2_EXTENSIONS, JSON_OBJECT, "kept without it", &value)) {
		enum tlp tlp = tlp_of_extensions(value);
		if (tlp > strictest)
			strictest = tlp;
	}
	return strictest;
}

int stix2_marking_read(struct stix2_reader *reader, const struct stix2_object *object)
{
	if (!stix_id_is(object->id, "marking-definition")) {
		stix2_object_problem(object, "id is not a STIX identifier", "skipped", object->id);
		return 0;
	}

	int error = markings_define(reader->feed->markings, object->id, stix2_marking_tlp(object));
	if (error != 0)
		return error;
	return stix2_report_keep(reader, object);
}

struct collection {
	const struct stix2_object *object;
	struct slice refs[MARKINGS_MAX];
	unsigned count;
	struct stix2_markings result;
};

static void add_ref(struct collection *collection, struct json_value value)
{
	struct slice ref = json_reader_type(value) == JSON_STRING ? json_reader_string(value)
	                                                          : slice_text("");

	enum tlp tlp = markings_tlp_by_id(ref);

	if (tlp == TLP_NONE && !stix_id_is(ref, "marking-definition")) {
		stix2_object_problem(collection->object, "reference is not to a marking",
		                     "kept without it", ref);
		return;
	}
	for (unsigned i = 0; i < collection->count; i++)
		if (slice_equal(collection->refs[i], ref))
			return;
	if (collection->count == MARKINGS_MAX) {
		stix2_object_problem(collection->object, "too many markings", "kept without some",
		                     ref);
		return;
	}
	collection->refs[collection->count++] = ref;
	if (tlp > collection->result.tlp)
		collection->result.tlp = tlp;
	collection->result.has_others |= tlp == TLP_NONE;
}

// Those of parts of the object count for all of it: the strictest rules.
static void add_granular(struct collection *collection, struct json_value granular)
{
	struct json_walk walk = json_reader_walk(granular);
	struct json_value member;
	struct slice key;

	if (json_reader_type(granular) != JSON_OBJECT)
		return;
	while (json_reader_next_member(&walk, &key, &member))
		if (slice_is(key, "marking_ref"))
			add_ref(collection, member);
}

int stix2_marking_collect(struct stix2_reader *reader, const struct stix2_object *object,
                          struct stix2_markings *ret_markings)
{
	static const char consequence[] = "kept without it";
	struct collection collection = {.object = object};
	struct json_value array;
	struct json_value item;

	if (stix2_object_get(object, STIX2_OBJECT_MARKING_REFS, JSON_ARRAY, consequence, &array)) {
		struct json_walk walk = json_reader_walk(array);

		while (json_reader_next_item(&walk, &item))
			add_ref(&collection, item);
	}
	if (stix2_object_get(object, STIX2_GRANULAR_MARKINGS, JSON_ARRAY, consequence, &array)) {
		struct json_walk walk = json_reader_walk(array);

		while (json_reader_next_item(&walk, &item))
			add_granular(&collection, item);
	}

	size_t size = 0;
	for (unsigned i = 0; i < collection.count; i++)
		size += collection.refs[i].size + 1;
	uint8_t *list = arena_allocate(&reader->arena, size);
	if (list == NULL)
		return -ENOMEM;

	size_t used = 0;
	for (unsigned i = 0; i < collection.count; i++) {
		if (i > 0)
			list[used++] = '\n';
		memcpy(list + used, collection.refs[i].data, collection.refs[i].size);
		used += collection.refs[i].size;
	}
	collection.result.refs = slice_of(list, used);
	*ret_markings = collection.result;
	return 0;
}

int stix2_marking_apply(struct stix2_reader *reader, const struct stix2_markings *markings,
                        uint32_t indicator_id)
{
	struct slice rest = markings->refs;

	while (markings->has_others && rest.size > 0) {
		struct slice ref = slice_first(rest, slice_find(rest, '\n'));
		int error = 0;

		if (markings_tlp_by_id(ref) == TLP_NONE)
			error = markings_apply(reader->feed->markings, ref, indicator_id);
		if (error != 0)
			return error;
		rest = slice_from(rest, ref.size + 1);
	}
	return 0;
}
