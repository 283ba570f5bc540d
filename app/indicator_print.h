// app/indicator_print.h — an indicator's record, for `lookup` and `inspect`.
//
// The source is left out when it asked to be hidden.
#pragma once

#include <stdio.h>

#include "base/buffer.h"
#include "engine/indicator.h"

// For people, values defanged: one "  key: value" a line, only what is known.
void indicator_print_text(FILE *file, const struct indicator *indicator);

// Appends ","key":value …" for what is known: members of an object that the caller began.
void indicator_append_json(struct buffer *json, const struct indicator *indicator);
