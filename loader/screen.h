// loader/screen.h — values that must not be looked for, however they got into a feed.
//
// Each function gives the reason (static text) to refuse a normalised value, or NULL to keep it;
// *ret_remark is set to what a person should know about a value that is kept, or to NULL.
#pragma once

#include "base/slice.h"
#include "engine/indicator.h"
#include "loader/public_suffix.h"

// The shortest prefixes that are kept, as struct prefix has them.
enum { SCREEN_IPV4_BITS_MIN = IPV4_PREFIX_BITS + 8, SCREEN_IPV6_BITS_MIN = 16 };

// Refused: prefixes shorter than /8 (IPv4) and /16 (IPv6); the unspecified, loopback, link-local,
// multicast and broadcast addresses (RFC 6890). Kept with a remark: private and documentation.
const char *screen_prefix(const struct prefix *prefix, const char **ret_remark);

// Refused: single labels and ICANN public suffixes. A private suffix (PSL) matches exactly only:
// ENTRY_PARENT or ENTRY_BELOW is taken out of *kinds, and the name refused when nothing is left.
const char *screen_name(const struct public_suffixes *suffixes, struct slice name, uint8_t *kinds,
                        const char **ret_remark);

// Refused: the digest of the empty file.
const char *screen_hash(enum hash_algorithm algorithm, struct slice digest);
