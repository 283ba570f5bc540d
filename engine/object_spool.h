// engine/object_spool.h — kept objects on their way through the build: a temporary file of blocks.
//
// Objects are gathered into blocks; a helper thread compresses them, several at a time, into an
// unlinked file ($TMPDIR or /tmp) while the next ones are gathered. One owner. The blocks are the
// same whatever the threads do.
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "engine/object_builder.h"

struct object_spool;

// Where an object lies: in which block, and where in it when it is decompressed.
struct object_place {
	uint32_t block;
	uint32_t offset;
};

// Returns 0 and gives the spool to the caller (object_spool_free), or -ENOMEM.
int object_spool_create(struct object_spool **ret_spool);

// Accepts NULL.
void object_spool_free(struct object_spool *spool);
DEFINE_AUTO(object_spool, object_spool_free)

// Copies id and JSON, one behind the other. Returns 0, -ENOMEM, or the file's error, perhaps one
// of objects added before.
int object_spool_add(struct object_spool *spool, struct slice id, struct slice json,
                     struct object_place *ret_place);

// Waits until the helper thread has nothing to do. Errors as object_spool_add().
int object_spool_wait(struct object_spool *spool);

// Compresses what is left; nothing may be added afterwards. Gives the struct object_block of all
// blocks, valid as long as the spool, and the size of the blocks. Errors as object_spool_add().
int object_spool_finish(struct object_spool *spool, struct slice *ret_blocks,
                        uint64_t *ret_compressed_bytes);

// Hands all blocks to `write`. Returns 0, -ENOMEM, the file's error, or what `write` returned.
int object_spool_copy(const struct object_spool *spool, object_write *write, void *context);
