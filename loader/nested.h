// loader/nested.h — feeds within a feed: the entries of an archive, the attachments of a mail.
//
// Each is read by the reader that fits it, as a feed of its own; its counts and problems are added
// to those of the outer one. What one file may bring is bounded, however it is packed.
#pragma once

#include "loader/reader.h"

enum {
	NESTED_DEPTH_MAX = 4,
	NESTED_ENTRIES_MAX = 10 * 1000,
	NESTED_RATIO_MAX = 200, // of unpacked to packed bytes, beyond NESTED_FREE_BYTES
	NESTED_FREE_BYTES = 16 * 1024 * 1024,
};
#define NESTED_ENTRY_BYTES_MAX (UINT64_C(512) * 1024 * 1024)
#define NESTED_BYTES_MAX       (UINT64_C(2) * 1024 * 1024 * 1024) // of all entries together

// What was spent so far, of one outermost feed.
struct nesting {
	unsigned depth;
	unsigned entries;
	uint64_t bytes;
};

// One entry as it is unpacked into a file without a name.
struct nested_entry {
	struct feed *outer;
	struct slice name; // for messages and `explain`: borrowed
	enum feed_format format;
	int fd;
	uint64_t bytes;
	uint64_t bytes_max; // by the ratio, and what is left
};

// `packed_bytes`: of what it is unpacked from, for the ratio. Returns 1 with the entry open
// (nested_entry_close), 0 when a bound is reached (reported), or an error.
int nested_entry_open(struct feed *outer, struct slice name, uint64_t packed_bytes,
                      struct nested_entry *ret_entry);

// Returns 1, 0 when a bound is reached (reported: give it up), or an error.
int nested_entry_write(struct nested_entry *entry, struct slice bytes);

// Reads what was written, in `entry->format`, decompressing it first. Returns 0, also when it is
// of no known format (reported), or an error that ends the outer feed.
int nested_entry_read(struct nested_entry *entry);

void nested_entry_close(struct nested_entry *entry);
