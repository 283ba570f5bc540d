// bench/lookup_values.h — seeded values for the look-up benchmark: entries, hits and misses.
//
// Value number i of a kind is always the same; entries are the numbers 0 … n - 1, misses are
// numbers from LOOKUP_MISS_BEGIN on. Nobody's real names: they end in words of our own.
#pragma once

#include <stdint.h>

#include "engine/hit.h"

#define LOOKUP_MISS_BEGIN (UINT64_C(1) << 32)

enum lookup_values_kind {
	VALUES_IPV4,
	VALUES_IPV6,
	VALUES_NAME,
	VALUES_URL,
	VALUES_HASH,
	VALUES_KIND_COUNT,
};

enum { LOOKUP_VALUE_BYTES = 128 };

const char *lookup_values_kind_name(enum lookup_values_kind kind);

// Makes value number `number` as an observable whose text lies in `text`. Names that are entries
// have 2-4 labels, those that miss have 4; names are 25 bytes on average.
void lookup_values_make(enum lookup_values_kind kind, uint64_t number,
                        uint8_t text[LOOKUP_VALUE_BYTES], struct observable *ret_observable);
