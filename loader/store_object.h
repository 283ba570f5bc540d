// loader/store_object.h — STIX objects of votes, compressed in blocks of 64. For store*.c only.
#pragma once

#include "base/task.h"
#include "loader/store_internal.h"

// A block while it is filled, and the one before while it is compressed. Whoever owns it sets
// `next_block_id`, and begins `task` and `put`; store_objects_close() frees the task.
struct store_object_block {
	uint64_t block_id;
	unsigned count;
	uint32_t sizes[STORE_BLOCK_OBJECTS];
	struct buffer objects;
	struct buffer compressed;
};
struct store_objects {
	uint64_t next_block_id;
	struct store_object_block blocks[2];
	unsigned filling; // the other one is the helper's, or written
	struct task *task;
	struct store_query put; // begun
};

// Keeps `json` and says where (never 0). Returns 0 or an error.
int store_objects_add(struct store_objects *objects, struct slice json, uint64_t *ret_place);
// Writes what is not yet written.
int store_objects_flush(struct store_objects *objects);
void store_objects_close(struct store_objects *objects);

// Appends the object kept at `place`. Returns 0, -ENOENT, -EBADMSG, or an error.
int store_object_read(struct store *store, uint64_t place, struct buffer *json);

// Forgets the objects at these places (ascending): their blocks are written anew without them.
int store_object_forget(struct store *store, const uint64_t places[], size_t count);
