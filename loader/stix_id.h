// loader/stix_id.h — STIX identifiers: <type>--<UUID> (STIX 2.1, section 2.9).
#pragma once

#include <stdbool.h>

#include "base/slice.h"
#include "base/uuid.h"

// Is `id` an identifier of an object of `type`? Any UUID will do: feeds of both versions mix them.
bool stix_id_is(struct slice id, const char *type);

// Likewise, and gives the UUID. False leaves *ret_uuid alone.
bool stix_id_parse(struct slice id, const char *type, struct uuid *ret_uuid);
