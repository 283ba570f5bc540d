// base/cpu.h — what hot code says to the compiler and the cache.
#pragma once

#include <stdint.h>

enum { CACHE_LINE_BYTES = 64 };

// Only where a measurement asked for it (docs/style.md, rule 26).
#define likely(condition)   __builtin_expect(!!(condition), 1)
#define unlikely(condition) __builtin_expect(!!(condition), 0)

// Starts loading the cache line that holds `address`; any address is allowed.
static inline void prefetch_read(const void *address)
{
	__builtin_prefetch(address, 0, 3);
}

enum { CPU_VECTOR_BYTES = 16 };

typedef uint8_t cpu_vector __attribute__((vector_size(CPU_VECTOR_BYTES)));

// Bit i for each of 16 bytes that equals `byte`.
#if defined(__x86_64__)
static inline unsigned cpu_bytes_equal_to(cpu_vector bytes, uint8_t byte)
{
	const cpu_vector none = {0};

	return (unsigned)__builtin_ia32_pmovmskb128(
		(char __attribute__((vector_size(16))))(bytes == none + byte));
}
#else
static inline unsigned cpu_bytes_equal_to(cpu_vector bytes, uint8_t byte)
{
	unsigned bits = 0;

	for (unsigned i = 0; i < CPU_VECTOR_BYTES; i++)
		bits |= (unsigned)(bytes[i] == byte) << i;
	return bits;
}
#endif

// The time-stamp counter: grows evenly, at a rate that is the machine's own.
#if defined(__x86_64__)
static inline uint64_t cpu_cycles(void)
{
	return __builtin_ia32_rdtsc();
}
#elif defined(__aarch64__)
static inline uint64_t cpu_cycles(void)
{
	uint64_t cycles;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(cycles));
	return cycles;
}
#else
#error "cpu_cycles() is not written for this CPU"
#endif
