// engine/pattern_compile.h — expressions to serialised Hyperscan databases.
//
// Compiling happens in a child with limits (engine/child.h); the databases are for the baseline
// CPU, so that the same expressions give the same bytes everywhere.
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "engine/indicator.h"
#include "engine/pattern_format.h"

struct pattern_expression {
	struct slice text; // PATTERN_KIND_LIKE: a literal; else PCRE, without NUL
	uint32_t row;      // what Hyperscan calls it
	bool is_prefilter;
};

struct pattern_group {
	enum observable_type type;
	enum pattern_kind kind;
	const struct pattern_expression *expressions;
	size_t count;
};

// Appends one database of all expressions to `bytes`.
// Returns 0, -ECANCELED (Hyperscan refuses one of them, or they take too much: look at each by
// pattern_compile_judge()), -ENOMEM, or an error of fork().
int pattern_compile(const struct pattern_group *group, struct buffer *bytes);

enum pattern_judgement {
	PATTERN_FITS,
	PATTERN_FITS_AS_PREFILTER,
	PATTERN_REFUSED,   // not Hyperscan's at all
	PATTERN_TOO_LARGE, // took too much time or memory
};

// Compiles each expression alone and tells what became of it. Limits are of processor time, so
// that a busy machine judges like an idle one. Returns 0, -ENOMEM, or an error of fork().
int pattern_compile_judge(const struct pattern_group *group, uint8_t ret_judgements[]);
