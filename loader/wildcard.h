// loader/wildcard.h — a list's '*' as a MATCHES pattern.
//
// Not as LIKE: its '_' is a wildcard, and there is no way to write the character.
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

// "ad*.example.com": the name, and names below it. Appends the pattern to `out`. False when it
// is no name with wildcards ("198.51.*" would be an address), or so wide that it says nothing
// (fewer than three letters or digits).
bool wildcard_name(struct slice text, struct buffer *out);

// A normalised URL with '*' behind its host. `is_open`: anything may follow. `has_scheme`: else
// http and https.
void wildcard_url(struct slice url, bool is_open, bool has_scheme, struct buffer *out);
