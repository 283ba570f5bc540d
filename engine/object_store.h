// engine/object_store.h — finds kept STIX objects in a database's section.
//
// Reads what engine/object_builder.h wrote, from the mapped file. The section is not trusted:
// every offset is clamped, sizes are bounded, a damaged block is told. Any number of threads.
#pragma once

#include <stdint.h>

#include "base/buffer.h"
#include "base/slice.h"
#include "engine/object_format.h"

// Borrows the section. All zero is a store of nothing.
struct object_store {
	struct object_header header;
	struct slice rows;
	struct slice ids;
	struct slice indicators;
	struct slice blocks;
	struct slice compressed;
};

// Looks at the sizes only. An empty section is a store of nothing. Returns 0 or -EBADMSG.
int object_store_open(struct slice section, struct object_store *ret_store);

// Appends the object kept for an indicator, or under an id, to `json`. Of several the last kept.
// Returns 0, -ENOENT (none), -EBADMSG (damaged), -ENOMEM.
int object_store_find_indicator(const struct object_store *store, uint32_t indicator_id,
                                struct buffer *json);
int object_store_find(const struct object_store *store, struct slice id, struct buffer *json);
