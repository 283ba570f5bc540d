// engine/pattern_regex.h — STIX MATCHES (2.1, section 9.6) by PCRE2: the judge of what is a
// pattern, and of what Hyperscan only suspects.
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "engine/indicator.h"

enum {
	REGEX_MATCH_LIMIT = 100000, // pcre2_set_match_limit()
	REGEX_DEPTH_LIMIT = 1000,   // pcre2_set_depth_limit()
	REGEX_HEAP_LIMIT_KB = 1024, // pcre2_set_heap_limit()
};

struct regex;
struct regex_scratch;

// PCRE searched anywhere in the value; '.' is any character; names without regard to case.
// Returns 0 and gives the compiled pattern to the caller (regex_free), -ENOMEM, or -EINVAL with
// the reason in *ret_reason (owned by the calling thread, valid until its next call).
int pattern_regex_compile(enum observable_type type, struct slice pattern, bool is_utf8,
                          struct regex **ret_regex, const char **ret_reason);

// Accepts NULL.
void pattern_regex_free(struct regex *regex);

// A thread's working memory. Returns 0 or -ENOMEM.
int pattern_regex_create_scratch(struct regex_scratch **ret_scratch);
void pattern_regex_free_scratch(struct regex_scratch *scratch);

enum regex_result { REGEX_NO, REGEX_YES, REGEX_GIVEN_UP };

enum regex_result pattern_regex_match(const struct regex *regex, struct regex_scratch *scratch,
                                      struct slice text);
