// engine/object_format.h — the section of kept STIX objects.
//
// Little-endian: struct object_header; row_count × struct object_row, in order of keeping; two
// indexes of sorted uint64_t, a key in the upper half and a row in the lower: row_count by
// object_id_key(), indicator_count by indicator id; block_count × struct object_block; the
// compressed blocks. A block is one zstd frame of objects, each its id's bytes and its JSON's.
#pragma once

#include <stdint.h>

#include "base/hash.h"
#include "base/slice.h"

enum {
	OBJECT_BLOCK_BYTES = 64 * 1024, // uncompressed; an object that is larger has its own block
	OBJECT_BYTES_MAX = 17 * 1024 * 1024, // id and JSON; also of a block
	OBJECT_ID_BYTES_MAX = 1024,
};

struct object_header {
	uint32_t row_count;
	uint32_t indicator_count;
	uint32_t block_count;
	uint32_t reserved;
	uint64_t compressed_bytes; // of all blocks
};

struct object_row {
	uint32_t block;
	uint32_t offset; // within the uncompressed block
	uint32_t json_bytes;
	uint32_t id_bytes;
};

struct object_block {
	uint64_t offset; // from the first block's start
	uint32_t compressed_bytes;
	uint32_t bytes;
};

// The seed is fixed: the section counts for the build id and cannot depend on it. Ids whose keys
// are equal are told apart by their text.
static inline uint32_t object_id_key(struct slice id)
{
	return (uint32_t)hash_bytes(HASH_SECRET_0, id.data, id.size);
}
