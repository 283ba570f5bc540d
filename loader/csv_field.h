// loader/csv_field.h — what one field of a CSV file says.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "engine/indicator.h"
#include "loader/value.h"

// The shape of the value, defanged or not.
enum value_shape csv_field_shape(struct slice field);

// Decimal digits, ten at most, of a number up to `max`.
bool csv_field_number(struct slice digits, unsigned max, unsigned *ret_number);

// "2024-09-01", "2022-05-12 00:03:34", RFC 3339, with "Z" or "UTC" or neither, or seconds since
// 1970 (nine or ten digits). All as UTC. False when it is none of these.
bool csv_field_time(struct slice field, int64_t *ret_time_ns);

// 0 to 100, or low, medium, high as STIX 2.1, appendix A, maps them (15, 50, 85).
bool csv_field_confidence(struct slice field, uint8_t *ret_confidence);

// "AMBER+STRICT", "tlp:white" …
bool csv_field_tlp(struct slice field, enum tlp *ret_tlp);
