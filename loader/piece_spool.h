// loader/piece_spool.h — pieces of a feed that wait for what follows them.
//
// In memory as long as they are few, then in a temporary file that is mapped to be read. One owner,
// one thread.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

enum { PIECE_SPOOL_MEMORY_BYTES = 8 * 1024 * 1024 };

// All zero is a valid, empty spool. Fields are piece_spool.c's own.
struct piece_spool {
	struct buffer buffer; // the pieces that are not in the file
	bool has_file;        // `fd` is open
	int fd;
	uint64_t file_bytes;
	struct slice pieces; // left to be read
	void *mapping;       // of the file, NULL: none
};

// Keeps a copy, with where it stood. Returns 0, -ENOMEM, or the file's error.
int piece_spool_add(struct piece_spool *spool, struct slice bytes, uint64_t offset);

// Nothing is added from here on until piece_spool_clear(). Returns 0, -ENOMEM, or the file's error.
int piece_spool_rewind(struct piece_spool *spool);

// The next one in the order of adding, valid until piece_spool_clear(); FEED_PADDING_BYTES are
// readable behind. False at the end.
bool piece_spool_next(struct piece_spool *spool, struct slice *ret_bytes, uint64_t *ret_offset);

// Forgets all pieces.
void piece_spool_clear(struct piece_spool *spool);

// Frees everything; the spool is empty again.
void piece_spool_close(struct piece_spool *spool);
