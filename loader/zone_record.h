// loader/zone_record.h — the records of a zone file, one at a time (RFC 1035, section 5).
//
// Comments, quotes, escapes, parentheses over several lines, "$ORIGIN"; an owner that is left out
// is the one before. "$INCLUDE" and "$GENERATE" are given as records of that type: whoever reads
// says that they are not followed. Bounded: ZONE_RECORD_BYTES_MAX, ZONE_TOKENS_MAX.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loader/feed_input.h"

enum {
	ZONE_RECORD_BYTES_MAX = 16 * 1024,
	ZONE_TOKENS_MAX = 32,      // further ones are left out
	ZONE_NAME_BYTES_MAX = 255, // with the dots
};

struct zone_name {
	char text[ZONE_NAME_BYTES_MAX + 1]; // without a final dot
	unsigned size;
	bool is_absolute; // else below a zone whose name the file does not tell
};

struct zone_record {
	struct zone_name owner;
	struct slice type;                  // upper or lower case, as it stands
	struct slice data[ZONE_TOKENS_MAX]; // without quotes; names as they stand
	unsigned data_count;
	uint64_t line; // where it begins
};

// All zero but `input`, which is borrowed. Nothing to close. Fields are zone_record.c's own.
struct zone_reader {
	struct feed_input *input;
	struct zone_name origin; // relative and empty: not told
	struct zone_name owner;  // of the record before
	bool has_owner;
	bool is_owner_left_out; // of the record at hand
	unsigned token_count;
	struct slice tokens[ZONE_TOKENS_MAX];
	size_t used;
	char text[ZONE_RECORD_BYTES_MAX];
};

enum zone_result {
	ZONE_END = 0,
	ZONE_RECORD = 1,
	ZONE_BROKEN = 2, // `type` says what is wrong, static; `line` where
};

// The next record, valid until the next call. Returns an enum zone_result, or an error of
// feed_input_line().
int zone_record_next(struct zone_reader *reader, struct zone_record *ret_record);

// `text` as a name: "@" and names without a final dot are below the origin. False: too long.
bool zone_name_complete(const struct zone_reader *reader, struct slice text,
                        struct zone_name *ret_name);

// Without case.
bool zone_word_is(struct slice word, const char *text);
