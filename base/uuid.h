// base/uuid.h — UUIDs made from names (RFC 9562, section 5.5: version 5, SHA-1).
#pragma once

#include <stdint.h>

#include "base/slice.h"

enum { UUID_TEXT_BYTES = 37 }; // 36 characters and a NUL

struct uuid {
	uint8_t octets[16]; // in the order in which they are written
};

// The UUID of `name` in the name space `space`: always the same for the same two.
// Returns 0, or -ENOMEM when OpenSSL could not work.
int uuid_from_name(const struct uuid *space, struct slice name, struct uuid *ret_uuid);

// "2ed6657d-e927-568b-95e1-2665a8aea6a2"
void uuid_format(const struct uuid *uuid, char ret_text[UUID_TEXT_BYTES]);
