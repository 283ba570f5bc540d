// dataplane/digest.h — digests of bytes that lie in one piece.
#pragma once

#include <stdint.h>

#include "base/slice.h"
#include "engine/indicator.h"

enum { DIGEST_TEXT_BYTES_MAX = 2 * HASH_BYTES_MAX };

// HOT. Writes hash_algorithm_bytes[algorithm] bytes.
void digest_of(enum hash_algorithm algorithm, struct slice bytes, uint8_t *ret_digest);

// HOT. Writes the first `text_bytes` lower-case hex digits of a digest; no NUL.
void digest_text(const uint8_t *digest, size_t text_bytes, char *ret_text);
