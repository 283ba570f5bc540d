// dataplane/quic_keys.h — the keys of a client's Initial packets (RFC 9001, section 5.2).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
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

// Digest states that every derivation begins with.
struct quic_deriver;

// Returns 0 and gives it to the caller (quic_deriver_free), or -ENOMEM.
int quic_deriver_create(struct quic_deriver **ret_deriver);

// Accepts NULL.
void quic_deriver_free(struct quic_deriver *deriver);
DEFINE_AUTO(quic_deriver, quic_deriver_free)

// HOT. The keys of what the client sends to that connection id. False when OpenSSL fails.
bool quic_derive(struct quic_deriver *deriver, const struct quic_version *version,
                 struct slice connection_id, struct quic_keys *ret_keys);
