// loader/stix2_object.h — one STIX 2 object: those of its members that readers ask for.
//
// Borrows from the JSON reader and from the feed's window: gone with the next object.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/report.h"
#include "base/slice.h"
#include "loader/json_reader.h"

enum stix2_member {
	STIX2_TYPE,
	STIX2_SPEC_VERSION,
	STIX2_ID,
	STIX2_CREATED_BY_REF,
	STIX2_CREATED,
	STIX2_MODIFIED,
	STIX2_NAME,
	STIX2_INDICATOR_TYPES,
	STIX2_PATTERN,
	STIX2_PATTERN_TYPE,
	STIX2_VALID_FROM,
	STIX2_VALID_UNTIL,
	STIX2_REVOKED,
	STIX2_LABELS,
	STIX2_CONFIDENCE,
	STIX2_OBJECT_MARKING_REFS,
	STIX2_GRANULAR_MARKINGS,
	STIX2_OBJECT_REFS,
	STIX2_DEFINITION,
	STIX2_EXTENSIONS,
	STIX2_MEMBER_COUNT,
};

struct stix2_object {
	struct slice json; // as received
	uint64_t offset;   // in the feed
	struct report *report;
	struct slice type;
	struct slice id;  // may be empty
	uint32_t present; // bit per enum stix2_member
	struct json_value values[STIX2_MEMBER_COUNT];
};

// Finds the members of `root`. `ret_object` has json, offset and report set already. False when
// it cannot be used: not an object, without a type, or ambiguous; the report says so.
bool stix2_object_read(struct json_value root, struct stix2_object *ret_object);

static inline bool stix2_object_has(const struct stix2_object *object, enum stix2_member member)
{
	return (object->present >> member & 1) != 0;
}

// The member, if it is there and of that type. A wrong type is reported with `consequence`.
bool stix2_object_get(const struct stix2_object *object, enum stix2_member member,
                      enum json_type type, const char *consequence, struct json_value *ret_value);

// The text of a member; empty when there is none, or none of that type.
struct slice stix2_object_text(const struct stix2_object *object, enum stix2_member member);

// The time of a member. False when there is none that can be read (which is reported).
bool stix2_object_time(const struct stix2_object *object, enum stix2_member member,
                       int64_t *ret_time_ns);

// An array of strings as a list (engine/indicator.h), in the arena. Returns 0 or -ENOMEM.
int stix2_object_list(const struct stix2_object *object, enum stix2_member member,
                      struct arena *arena, struct slice *ret_list);

// Reports something about the object.
void stix2_object_problem(const struct stix2_object *object, const char *reason,
                          const char *consequence, struct slice detail);
