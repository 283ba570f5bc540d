// engine/pattern_check.h — is this a pattern at all, and one that tells things apart?
#pragma once

#include "base/buffer.h"
#include "base/slice.h"
#include "engine/build.h"
#include "engine/pattern_format.h"

enum { PATTERN_BYTES_MAX = 8192 };

// Looks at a pattern over names or URLs without compiling it for matching: cheap, and safe for
// hostile ones. Appends to `text` what is to be compiled and sets *ret_kind.
// Returns 0, -ENOMEM, or -EINVAL with the reason in *ret_reason (static, or valid until the
// thread's next call): no pattern, or one that matches everything.
int pattern_check(enum observable_type type, enum pattern_syntax syntax, struct slice pattern,
                  struct buffer *text, enum pattern_kind *ret_kind, const char **ret_reason);
