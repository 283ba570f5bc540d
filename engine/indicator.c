#include "engine/indicator.h"

const uint8_t hash_algorithm_bytes[HASH_ALGORITHM_COUNT] = {
	[HASH_MD5] = 16,
	[HASH_SHA1] = 20,
	[HASH_SHA256] = 32,
	[HASH_SHA512] = 64,
};
