// engine/pattern_like.h — STIX LIKE (2.1, section 9.6): translated once, matched plainly.
//
// Hyperscan only looks for one literal part of each; this decides.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "engine/indicator.h"

// The wildcards of a translated pattern. No value holds these bytes.
enum { LIKE_ANY_RUN = 0x01, LIKE_ANY_CHARACTER = 0x02 };

enum {
	LIKE_LITERAL_BYTES_MAX = 8, // what Hyperscan looks at in one step
	LIKE_STEPS_MAX = 1 << 20,   // of one match, then it is given up
};

// Appends the translated pattern: '%' and '_' become the bytes above, runs of '%' one, and what
// normalisation folds in values is folded: letters of names; of URLs the scheme and the host up
// to the first '/', '?' or '%', and bytes that are percent-encoded in every value are encoded.
// Returns NULL, or why the pattern is refused (then nothing is appended).
const char *pattern_like_translate(enum observable_type type, struct slice pattern,
                                   struct buffer *translated);

enum like_result { LIKE_NO, LIKE_YES, LIKE_GIVEN_UP };

// HOT. Does the whole of `text` match the translated `pattern`?
enum like_result pattern_like_match(struct slice pattern, struct slice text);

// For each translated pattern the run of literal bytes, LIKE_LITERAL_BYTES_MAX where there are so
// many, that the fewest others share. Empty when it has none. Returns 0 or -ENOMEM.
int pattern_like_choose_literals(const struct slice patterns[], size_t count,
                                 struct slice ret_literals[]);
