// dataplane/quic_keys.h — the keys of Initial packets (RFC 9001, section 5.2).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum {
	QUIC_KEY_BYTES = 16,
	QUIC_IV_BYTES = 12,
};

struct quic_keys {
	uint8_t key[QUIC_KEY_BYTES];
	uint8_t iv[QUIC_IV_BYTES];
	uint8_t header_key[QUIC_KEY_BYTES];
};

// What versions do differently.
struct quic_version {
	uint32_t first; // the version's number, or the first and last of several
	uint32_t last;
	uint8_t salt[20];
	bool is_second; // RFC 9369: other labels, other packet types
};

// NULL when it is not known.
const struct quic_version *quic_version_of(uint32_t number);

enum quic_side {
	QUIC_CLIENT,
	QUIC_SERVER,
};

// HOT. The keys of what `sender` sends in a connection whose client first sent to that id.
void quic_derive(const struct quic_version *version, struct slice connection_id,
                 enum quic_side sender, struct quic_keys *ret_keys);
