// loader/value_code.h — normalised values as bytes, one behind the other, as the store keeps them.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "loader/intake_value.h"

// Appends `value` (all but what only reports need: spelled, object, line).
void value_code_append(struct buffer *buffer, const struct intake_value *value);

// Reads the value at *cursor and moves on; its texts point into `bytes`. Returns 1, 0 at the end,
// -EBADMSG when the bytes are none (then nothing more can be read).
int value_code_next(struct slice bytes, size_t *cursor, struct intake_value *ret_value);

// The same value gives the same hash whatever its terms (port, scheme, kinds): what votes are
// counted by. Never 0.
uint64_t value_code_hash(uint64_t seed, const struct intake_value *value);
