// loader/mail_decode.h — the content of a part: transfer encodings (RFC 2045, section 6) and
// character sets.
#pragma once

#include <stdbool.h>

#include "base/buffer.h"
#include "base/slice.h"

// Each appends to `ret_bytes` (check .failed) and returns false when the content is broken: cut
// base64. Bytes that base64 has no meaning for are passed over, as the RFC says.
bool mail_decode_base64(struct slice text, struct buffer *ret_bytes);
void mail_decode_quoted_printable(struct slice text, struct buffer *ret_bytes);

// The same text as UTF-8, appended. Known are the character sets of common mail; only those are
// asked of the system, whose tables for rarer ones need not be fed by strangers. Returns 1, 0 when
// the character set is not known, or -ENOMEM. Bytes that are none of it become '?', and
// *ret_is_damaged true.
int mail_decode_text(struct slice text, const char *charset, struct buffer *ret_text,
                     bool *ret_is_damaged);
