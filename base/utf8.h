// base/utf8.h — is it UTF-8? (RFC 3629)
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

// Bytes (1-4) of the well-formed character that `text` begins with, or 0 when there is none:
// empty, truncated, overlong, a surrogate, or above U+10FFFF.
size_t utf8_sequence_size(struct slice text);

bool utf8_is_valid(struct slice text);

// Behind the byte order mark that some put before a text.
static inline struct slice utf8_skip_mark(struct slice text)
{
	return slice_starts_with(text, "\xef\xbb\xbf") ? slice_from(text, 3) : text;
}
