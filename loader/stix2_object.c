#include "loader/stix2_object.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"

enum { LIST_ITEMS_MAX = 64 }; // further ones are left out

#define MEMBER(text)                   \
	{                              \
		text, sizeof(text) - 1 \
	}

static const struct {
	const char *name;
	size_t size;
} members[] = {
	[STIX2_TYPE] = MEMBER("type"),
	[STIX2_SPEC_VERSION] = MEMBER("spec_version"),
	[STIX2_ID] = MEMBER("id"),
	[STIX2_CREATED_BY_REF] = MEMBER("created_by_ref"),
	[STIX2_CREATED] = MEMBER("created"),
	[STIX2_MODIFIED] = MEMBER("modified"),
	[STIX2_NAME] = MEMBER("name"),
	[STIX2_INDICATOR_TYPES] = MEMBER("indicator_types"),
	[STIX2_PATTERN] = MEMBER("pattern"),
	[STIX2_PATTERN_TYPE] = MEMBER("pattern_type"),
	[STIX2_VALID_FROM] = MEMBER("valid_from"),
	[STIX2_VALID_UNTIL] = MEMBER("valid_until"),
	[STIX2_REVOKED] = MEMBER("revoked"),
	[STIX2_LABELS] = MEMBER("labels"),
	[STIX2_CONFIDENCE] = MEMBER("confidence"),
	[STIX2_OBJECT_MARKING_REFS] = MEMBER("object_marking_refs"),
	[STIX2_GRANULAR_MARKINGS] = MEMBER("granular_markings"),
	[STIX2_OBJECT_REFS] = MEMBER("object_refs"),
	[STIX2_DEFINITION] = MEMBER("definition"),
	[STIX2_EXTENSIONS] = MEMBER("extensions"),
};
static_assert(sizeof(members) / sizeof(members[0]) == STIX2_MEMBER_COUNT, "all named");

void stix2_object_problem(const struct stix2_object *object, const char *reason,
                          const char *consequence, struct slice detail)
{
	report_add(object->report, &(struct problem){
					   .reason = reason,
					   .consequence = consequence,
					   .object = object->id,
					   .detail = detail,
					   .offset = object->offset,
					   .has_offset = true,
				   });
}

// Feeds write their members in one order, mostly ours: the search begins behind the last find.
static int find_member(struct slice key, unsigned *hint)
{
	for (unsigned i = 0; i < STIX2_MEMBER_COUNT; i++) {
		unsigned member = *hint + i < STIX2_MEMBER_COUNT ? *hint + i
		                                                 : *hint + i - STIX2_MEMBER_COUNT;

		if (key.size == members[member].size &&
		    memcmp(key.data, members[member].name, key.size) == 0) {
			*hint = member + 1 < STIX2_MEMBER_COUNT ? member + 1 : 0;
			return (int)member;
		}
	}
	return -1;
}

static bool read_members(struct json_value root, struct stix2_object *object)
{
	struct json_walk walk = json_reader_walk(root);
	struct json_value value;
	struct slice key;
	unsigned hint = 0;

	while (json_reader_next_member(&walk, &key, &value)) {
		int member = find_member(key, &hint);

		if (member < 0)
			continue;
		if (stix2_object_has(object, (enum stix2_member)member)) {
			stix2_object_problem(object, "member given twice", "skipped", key);
			return false;
		}
		object->present |= UINT32_C(1) << member;
		object->values[member] = value;
		if (member == STIX2_ID && json_reader_type(value) == JSON_STRING)
			object->id = json_reader_string(value);
	}
	return true;
}

bool stix2_object_read(struct json_value root, struct stix2_object *ret_object)
{
	if (json_reader_type(root) != JSON_OBJECT) {
		stix2_object_problem(ret_object, "not an object", "skipped",
		                     slice_text(json_reader_type_name(json_reader_type(root))));
		return false;
	}
	if (!read_members(root, ret_object))
		return false;
	if (!stix2_object_has(ret_object, STIX2_TYPE)) {
		stix2_object_problem(ret_object, "not a STIX object: no type", "skipped",
		                     slice_text(""));
		return false;
	}
	ret_object->type = stix2_object_text(ret_object, STIX2_TYPE);
	return ret_object->type.size > 0;
}

bool stix2_object_get(const struct stix2_object *object, enum stix2_member member,
                      enum json_type type, const char *consequence, struct json_value *ret_value)
{
	char detail[64];

	if (!stix2_object_has(object, member))
		return false;

	enum json_type found = json_reader_type(object->values[member]);
	if (found == type) {
		*ret_value = object->values[member];
		return true;
	}
	(void)snprintf(detail, sizeof(detail), "%s is %s", members[member].name,
	               json_reader_type_name(found));
	stix2_object_problem(object, "member of a wrong type", consequence, slice_text(detail));
	return false;
}

struct slice stix2_object_text(const struct stix2_object *object, enum stix2_member member)
{
	struct json_value value;
	bool is_needed = member == STIX2_TYPE || member == STIX2_ID || member == STIX2_PATTERN;
	const char *consequence = is_needed ? "skipped" : "kept without it";

	if (!stix2_object_get(object, member, JSON_STRING, consequence, &value))
		return slice_text("");
	return json_reader_string(value);
}

bool stix2_object_time(const struct stix2_object *object, enum stix2_member member,
                       int64_t *ret_time_ns)
{
	struct slice text = stix2_object_text(object, member);
	char detail[96];

	if (text.size == 0)
		return false;
	if (timestamp_parse(text, ret_time_ns) == 0)
		return true;
	(void)snprintf(detail, sizeof(detail), "%s: %.*s", members[member].name,
	               SLICE_FORMAT(slice_first(text, 40)));
	stix2_object_problem(object, "not a timestamp", "kept without it", slice_text(detail));
	return false;
}

// Copies one item, with the list's separator before it; line feeds would be separators.
static size_t append_item(uint8_t *list, size_t used, struct slice item)
{
	if (item.size == 0)
		return used;
	if (used > 0)
		list[used++] = '\n';
	for (size_t i = 0; i < item.size; i++)
		list[used++] = item.data[i] == '\n' ? ' ' : item.data[i];
	return used;
}

int stix2_object_list(const struct stix2_object *object, enum stix2_member member,
                      struct arena *arena, struct slice *ret_list)
{
	struct json_value array;
	struct json_value item;
	size_t size = 0;
	unsigned count = 0;

	if (!stix2_object_get(object, member, JSON_ARRAY, "kept without it", &array))
		return 0;

	struct json_walk walk = json_reader_walk(array);
	while (json_reader_next_item(&walk, &item) && count++ < LIST_ITEMS_MAX)
		if (json_reader_type(item) == JSON_STRING)
			size += json_reader_string(item).size + 1;
	uint8_t *list = arena_allocate(arena, size);
	if (list == NULL)
		return -ENOMEM;

	size_t used = 0;
	count = 0;
	walk = json_reader_walk(array);
	while (json_reader_next_item(&walk, &item) && count++ < LIST_ITEMS_MAX)
		if (json_reader_type(item) == JSON_STRING)
			used = append_item(list, used, json_reader_string(item));
		else
			stix2_object_problem(object, "item of a list is not a string", "left out",
			                     slice_text(members[member].name));
	*ret_list = slice_of(list, used);
	return 0;
}
