// base/cpu.h — what hot code says to the compiler and the cache.
#pragma once

enum { CACHE_LINE_BYTES = 64 };

// Only where a measurement asked for it (docs/style.md, rule 26).
#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

// Starts loading the cache line that holds `address`; any address is allowed.
static inline void prefetch_read(const void *address)
{
	__builtin_prefetch(address, 0, 3);
}
