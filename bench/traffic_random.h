// bench/traffic_random.h — a seeded generator of random numbers, the same on every machine.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// All of its state. Any seed will do.
struct traffic_random {
	uint64_t state;
};

// splitmix64 (Steele, Lea, Flood 2014)
static inline uint64_t traffic_random_next(struct traffic_random *random)
{
	uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

// 0 … limit - 1. The bias of 2^-32 does not matter here.
static inline uint32_t traffic_random_below(struct traffic_random *random, uint32_t limit)
{
	return (uint32_t)((traffic_random_next(random) >> 32) * limit >> 32);
}

// True in `per_thousand` of a thousand cases.
static inline bool traffic_random_chance(struct traffic_random *random, uint32_t per_thousand)
{
	return traffic_random_below(random, 1000) < per_thousand;
}
