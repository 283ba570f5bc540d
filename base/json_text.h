// base/json_text.h — text as a JSON string (RFC 8259), in its canonical form (RFC 8785).
//
// The only place where strings are escaped for JSON, since what is quoted comes from feeds and
// from traffic.
#pragma once

#include "base/buffer.h"
#include "base/slice.h"

// Appends `text` as a string, quotes included: '"', '\\' and control bytes escaped as RFC 8785,
// section 3.2.2.2, has it, each byte that is not part of well-formed UTF-8 as U+FFFD, everything
// else as it is. What is appended is valid UTF-8 whatever `text` is.
void json_text_append(struct buffer *buffer, struct slice text);
