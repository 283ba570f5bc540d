// base/byte_source.h — the bytes of a file or of standard input, plain, gzip or zstd.
//
// What is compressed is told by content. One owner, one thread. The memory is one window that
// moves over the bytes: as large as the most that was asked for, and not smaller than 512 KB.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"

enum {
	BYTE_SOURCE_PADDING_BYTES = 64, // readable, of no meaning, behind every window
};

struct byte_source;

// Called now and then with the bytes of the (possibly compressed) file read so far; false stops.
typedef bool byte_source_progress_fn(void *context, uint64_t file_bytes);

// "-" is standard input; `progress` may be NULL. Returns 0 and gives the source to the caller
// (byte_source_close), the file's error, -EBADMSG, -ECANCELED, or -ENOMEM.
int byte_source_open(const char *path, byte_source_progress_fn *progress, void *context,
                     struct byte_source **ret_source);

// The same from the position on that `fd`, which is borrowed for the call, has; the position is
// shared and moves.
int byte_source_open_fd(int fd, byte_source_progress_fn *progress, void *context,
                        struct byte_source **ret_source);

// For captures: read ahead in `block_count` blocks (base/byte_blocks.h; BYTE_BLOCKS_MIN at least)
// instead. The window lies in a block, or in two that follow each other, and what was in it stays
// readable for whoever holds the block that it lies in. No more than
// BYTE_BLOCK_HEADROOM_BYTES may be asked for at once.
struct byte_block;
struct byte_blocks;
int byte_source_open_ahead(const char *path, unsigned block_count, struct byte_source **ret_source);

// Of a source that reads ahead: its blocks, and the one that the window lies in (NULL: none yet).
struct byte_blocks *byte_source_blocks(const struct byte_source *source);
struct byte_block *byte_source_block(const struct byte_source *source);

// Accepts NULL.
void byte_source_close(struct byte_source *source);
DEFINE_AUTO(byte_source, byte_source_close)

// HOT. What lies ready from the current position on, valid until byte_source_fill() or
// byte_source_pass(); byte_source_skip() leaves it where it is.
struct slice byte_source_window(const struct byte_source *source);

// Reads until the window has `size` bytes, or less at the end; may move the window. Returns 0,
// -EBADMSG (damaged or cut compression: what came before it is in the window), the file's
// error, or -ECANCELED (by `progress`), which stay; or -ENOMEM.
int byte_source_fill(struct byte_source *source, size_t size);

// HOT. Moves on by `size` bytes, which must lie within the window.
void byte_source_skip(struct byte_source *source, size_t size);

// Moves on by `size` bytes, reading and dropping what lies outside the window. Returns 0, or an
// error as byte_source_fill(), or -ENODATA when the bytes end before.
int byte_source_pass(struct byte_source *source, uint64_t size);

// Bytes (decompressed) before the current position.
uint64_t byte_source_offset(const struct byte_source *source);

// Bytes of the file read so far (compressed), for a progress bar.
uint64_t byte_source_file_bytes(const struct byte_source *source);
