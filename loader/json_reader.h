// loader/json_reader.h — one JSON text, parsed (simdjson behind a C interface).
//
// Values and slices live until the next json_reader_parse() or json_reader_free(). Depth is
// bounded by JSON_DEPTH_MAX. One owner, one thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { JSON_DEPTH_MAX = 1000 };

enum json_type {
	JSON_NULL,
	JSON_BOOLEAN,
	JSON_INTEGER, // fits int64_t
	JSON_NUMBER,  // any other
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_reader;

// For json_reader.cc alone.
struct json_value {
	uintptr_t opaque[2];
};

// A walk over the members of an object or the items of an array.
struct json_walk {
	struct json_value next;
	struct json_value end;
};

// Returns 0 and gives the reader to the caller (json_reader_free), or -ENOMEM.
int json_reader_create(struct json_reader **ret_reader);

// Accepts NULL.
void json_reader_free(struct json_reader *reader);

// Parses and validates (UTF-8 too) all of `text`, behind which FEED_PADDING_BYTES must be
// readable. Returns 0, -ENOMEM, or -EBADMSG with the reason, static text, in *ret_reason.
int json_reader_parse(struct json_reader *reader, struct slice text, struct json_value *ret_root,
                      const char **ret_reason);

enum json_type json_reader_type(struct json_value value);

// "a number", "a string" …
const char *json_reader_type_name(enum json_type type);

// Each only of a value of that type.
struct slice json_reader_string(struct json_value value);
int64_t json_reader_integer(struct json_value value);
bool json_reader_boolean(struct json_value value);

// `value` is an object or an array.
struct json_walk json_reader_walk(struct json_value value);
// Of an object. False at the end.
bool json_reader_next_member(struct json_walk *walk, struct slice *ret_key,
                             struct json_value *ret_value);
// Of an array. False at the end.
bool json_reader_next_item(struct json_walk *walk, struct json_value *ret_value);

#ifdef __cplusplus
}
#else
DEFINE_AUTO(json_reader, json_reader_free)
#endif
