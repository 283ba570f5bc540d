// engine/address.h — small questions about addresses and prefixes.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/indicator.h"

static inline bool address_is_ipv4(const struct address *address)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(address->octets, mapped, sizeof(mapped)) == 0;
}

// Host byte order; only for an IPv4 address.
static inline uint32_t address_ipv4(const struct address *address)
{
	return (uint32_t)address->octets[12] << 24 | (uint32_t)address->octets[13] << 16 |
	       (uint32_t)address->octets[14] << 8 | address->octets[15];
}

static inline struct address address_from_ipv4(const uint8_t octets[4])
{
	struct address address = {.octets = {[10] = 0xff, [11] = 0xff}};

	memcpy(address.octets + 12, octets, 4);
	return address;
}

static inline bool address_equal(const struct address *a, const struct address *b)
{
	return memcmp(a->octets, b->octets, sizeof(a->octets)) == 0;
}
