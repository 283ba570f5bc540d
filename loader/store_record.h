// loader/store_record.h — what one version of a vote says, as bytes: the record, then its values.
//
// For store*.c only. Without what is the source's (name, group) or a column's (line, store_id).
#pragma once

#include "base/buffer.h"
#include "engine/indicator.h"

// The values follow by value_code_append() (loader/value_code.h).
void store_record_append(struct buffer *buffer, const struct indicator *record);

// Texts point into `bytes`. Returns 0, or -EBADMSG when the bytes are no record.
int store_record_read(struct slice bytes, struct indicator *ret_record, struct slice *ret_values);
