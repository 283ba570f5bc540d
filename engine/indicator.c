#include "engine/indicator.h"

#include <assert.h>

const uint8_t hash_algorithm_bytes[HASH_ALGORITHM_COUNT] = {
	[HASH_MD5] = 16,
	[HASH_SHA1] = 20,
	[HASH_SHA256] = 32,
	[HASH_SHA512] = 64,
};

static const char *const tlp_names[] = {
	[TLP_NONE] = "none",
	[TLP_CLEAR] = "clear",
	[TLP_GREEN] = "green",
	[TLP_AMBER] = "amber",
	[TLP_AMBER_STRICT] = "amber+strict",
	[TLP_RED] = "red",
};
static_assert(sizeof(tlp_names) / sizeof(tlp_names[0]) == TLP_COUNT, "one name each");

static const char *const action_names[] = {
	[ACTION_IGNORE] = "ignore",
	[ACTION_LOG] = "log",
	[ACTION_ALERT] = "alert",
	[ACTION_DROP] = "drop",
};
static_assert(sizeof(action_names) / sizeof(action_names[0]) == ACTION_COUNT, "one name each");

const char *tlp_name(enum tlp tlp)
{
	return tlp_names[tlp];
}

const char *action_name(enum action action)
{
	return action_names[action];
}
