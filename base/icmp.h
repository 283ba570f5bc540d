// base/icmp.h — which ICMP messages answer each other.
//
// The pairs are those of Community ID version 1 (github.com/corelight/community-id-spec), so
// that our flows of ICMP are what other tools call a flow.
#pragma once

#include <stdbool.h>
#include <stdint.h>

// The type that answers `type`, or is answered by it. False when nothing does: then a message
// goes one way. `is_v6`: ICMPv6 (RFC 4443), else ICMP (RFC 792).
bool icmp_counterpart(bool is_v6, uint8_t type, uint8_t *ret_counterpart);
