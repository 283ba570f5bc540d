// engine/pattern_set.h — which patterns does a name or URL match?
//
// Opened with a database, then read-only: any number of threads may scan, each with a scratch of
// its own. Made by engine/pattern_builder.h.
//
// The sections are untrusted as far as damage goes: offsets are clamped, and a shard goes to
// Hyperscan only if its checksum is right; else it is compiled again from the patterns, as is
// one made by another version of Hyperscan. But a shard that was crafted, checksum and all, is
// code: a database from strangers must carry a signature, as a program would (database_verify()).
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"
#include "engine/indicator.h"

struct pattern_set;

// Borrows nothing: the sections may go afterwards. Empty ones are a set of nothing.
// Returns 0 and gives the set to the caller (pattern_set_free), or
//   -EBADMSG  the patterns are damaged, or this machine's Hyperscan takes them no more
//   -ENOTSUP  there are patterns, and sekisho was built without Hyperscan
//   -ENOMEM, or an error of fork()
int pattern_set_open(struct slice patterns, struct slice shards, struct pattern_set **ret_set);

// Accepts NULL. No scratch of it may be in use.
void pattern_set_free(struct pattern_set *set);
DEFINE_AUTO(pattern_set, pattern_set_free)

size_t pattern_set_count(const struct pattern_set *set);

struct pattern_scratch;

// A thread's working memory. Returns 0 and gives it to the caller (pattern_scratch_free),
// -ENOMEM, or -EINVAL when Hyperscan refuses this CPU.
int pattern_scratch_create(const struct pattern_set *set, struct pattern_scratch **ret_scratch);

// Accepts NULL.
void pattern_scratch_free(struct pattern_scratch *scratch);
DEFINE_AUTO(pattern_scratch, pattern_scratch_free)

// Patterns given up so far because a limit was hit.
uint64_t pattern_scratch_given_up(const struct pattern_scratch *scratch);

typedef void pattern_found(void *context, uint32_t pattern_id);

// HOT. Tells of each pattern that the normalised name or URL matches, once, in no order.
// (PCRE2 may grow its bounded memory when it confirms a suspicion of Hyperscan's.)
void pattern_set_scan(const struct pattern_set *set, struct pattern_scratch *scratch,
                      enum observable_type type, struct slice text, pattern_found *found,
                      void *context);
