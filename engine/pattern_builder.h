// engine/pattern_builder.h — collects patterns and makes a database's two sections of them.
//
// One thread. Read back by engine/pattern_set.h. The same patterns in any order give the same
// content section.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/slice.h"
#include "engine/build.h"

struct pattern_builder;

// Returns 0 and gives the builder to the caller (pattern_builder_free), or -ENOMEM.
int pattern_builder_create(struct pattern_builder **ret_builder);

// Accepts NULL.
void pattern_builder_free(struct pattern_builder *builder);
DEFINE_AUTO(pattern_builder, pattern_builder_free)

// Is it a pattern that can be added? Nothing is compiled for matching yet, so this is cheap.
// Returns 0, -ENOMEM, or -EINVAL with the reason in *ret_reason (static, or valid until the
// thread's next call; it continues "the pattern …" or is PCRE2's message).
int pattern_builder_check(enum observable_type type, enum pattern_syntax syntax,
                          struct slice pattern, const char **ret_reason);

// Adds it; matches are told as `pattern_id`, which is the caller's. Returns as
// pattern_builder_check().
int pattern_builder_add(struct pattern_builder *builder, enum observable_type type,
                        enum pattern_syntax syntax, struct slice pattern, uint32_t pattern_id,
                        const char **ret_reason);

// Told of each pattern that turned out to be too much for Hyperscan. `reason` is static.
typedef void pattern_refused(void *context, uint32_t pattern_id, const char *reason);

// Compiles all patterns, in children with limits, and appends the sections: `patterns` counts
// for the build id, `shards` (to lie on a multiple of 8) does not. Nothing is appended when there
// are no patterns. The builder is spent. Returns 0, -ENOMEM, or an error of fork().
int pattern_builder_finish(struct pattern_builder *builder, pattern_refused *refused, void *context,
                           struct buffer *patterns, struct buffer *shards);
