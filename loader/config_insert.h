// loader/config_insert.h — one more source in the text of a configuration, everything else as it
// is.
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

struct config_pair {
	const char *key;
	const char *value; // NULL: left out
};

// Writes `text` (a configuration without mistakes) with a source of these fields behind the last
// one into `ret_text`: comments, order and blanks stay. Whoever writes the result reads it first:
// behind "..." or "---", say, it would be no part of the configuration. Returns 0, -EINVAL (no
// YAML), -ENOTSUP (the sources stand in one line, or the text is not UTF-8), or -ENOMEM.
int config_insert_source(struct slice text, const struct config_pair pairs[], unsigned pair_count,
                         struct buffer *ret_text);

// Appends a text in double quotes (YAML 1.2, section 5.7).
void config_insert_quoted(struct buffer *buffer, const char *text);
