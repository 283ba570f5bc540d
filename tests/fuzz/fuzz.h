// tests/fuzz/fuzz.h — what every fuzz target implements and uses.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

// libFuzzer's entry point, also called by replay.c. Always returns 0.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// As assert(), but also in release builds.
#define FUZZ_ASSERT(condition)    \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)
