// app/vote_fields.h — what a vote says, field by field, as text: for `history` and `diff`.
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "loader/store.h"

enum { VOTE_FIELD_COUNT = 12 };

struct vote_field {
	const char *name;  // static
	struct slice text; // empty: not told. Lists are joined by ", "
	bool is_value;     // to be defanged for people
};

// The fields of a version, in the order of printing. Texts are copied into `arena`.
// Returns 0 or -ENOMEM.
int vote_fields_read(const struct vote *vote, struct arena *arena,
                     struct vote_field ret_fields[VOTE_FIELD_COUNT]);

// A field's text for people on standard output: printable, values defanged, "-" for none.
void vote_fields_print(const struct vote_field *field);

// "id-or-value", of a vote: its STIX id, else the value. For people `is_defanged`.
void vote_fields_print_subject(const struct vote *vote);

// Appends ","key":value …": what tells this vote from others, for JSON.
void vote_fields_append_subject(struct buffer *json, const struct vote *vote);

// Appends a time as a JSON string, or null where it is none.
void vote_fields_append_time(struct buffer *json, int64_t time_ns);
