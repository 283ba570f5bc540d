// engine/drops.h — what of a database may be dropped by its address alone.
//
// The one function that walks it: whatever filters packets in front of the workers (the maps of
// ebpf/) is filled from here, so that nothing reaches it that policy or the veto set forbids.
#pragma once

#include <stdint.h>

#include "engine/match.h"

struct drop {
	struct prefix prefix; // a host is a /128
	uint16_t port;        // 0: any; else of the side that has the address
	uint8_t protocol;     // 0: any
	uint32_t indicator_id;
};

// Visits every address and network of base and overlay whose indicator's action is drop, is heard,
// is valid at `now_ns` (valid_from <= now < valid_until), and that the veto set does not cover:
// IPv4 before IPv6, in order of address, length, then indicator; an indicator that names it under
// several terms, once for each. A network that only holds something of the veto set is visited:
// database_each_veto() says what of it must pass. Returns 0, -ENOMEM before anything was visited,
// or what `visit` returned when that was not 0. *ret_next_change_ns is when the validity of another
// one begins or ends; TIMESTAMP_MAX: never.
int database_each_drop(const struct database *database, int64_t now_ns,
                       int (*visit)(void *context, const struct drop *drop), void *context,
                       int64_t *ret_next_change_ns);

// Visits every prefix of the veto sets of base and overlay once, in the same order. Returns as
// above.
int database_each_veto(const struct database *database,
                       int (*visit)(void *context, const struct prefix *prefix), void *context);
