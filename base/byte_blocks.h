// base/byte_blocks.h — a file read ahead in blocks, by any number of threads.
//
// Plain files are read by whoever has nothing better to do, several blocks at once; what is
// compressed is decompressed by a thread of its own, what is no file (a pipe) is read in order. The
// memory is fixed: `count` blocks, each used again when nobody holds it any more. Blocks come out
// in order, by one taker at a time, and lie behind room for what was left of the one before. A
// file that is cut while it is read ends there; one that grows ends where it ended when its end was
// read. It is read, not mapped (docs/decisions/0021-capture-files.md).
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"

enum {
	BYTE_BLOCK_BYTES = 512 * 1024,
	BYTE_BLOCK_HEADROOM_BYTES = 1024 * 1024, // writable, in front of the bytes
	BYTE_BLOCK_PADDING_BYTES = 64,           // readable, of no meaning, behind them
	BYTE_BLOCKS_MIN = 3,
};

struct byte_blocks;
struct byte_block;

// Takes `fd` over, also when it fails. Returns 0 and gives the blocks to the caller
// (byte_blocks_close), the file's error, or -ENOMEM.
int byte_blocks_open(int fd, unsigned count, struct byte_blocks **ret_blocks);

// Accepts NULL. No other thread may use them any more, and nobody hold one.
void byte_blocks_close(struct byte_blocks *blocks);
DEFINE_AUTO(byte_blocks, byte_blocks_close)

// Any thread. Reads one block ahead; false, having done nothing, when that is not possible now.
bool byte_blocks_read(struct byte_blocks *blocks);

// Any thread. Is there one to be read ahead now?
bool byte_blocks_can_read(struct byte_blocks *blocks);

// The taker. Waits for the next block and holds it for the caller. Returns 1; 0 at the end; or,
// behind the bytes that came before it, the file's error or -EBADMSG (damaged or cut compression).
int byte_blocks_take(struct byte_blocks *blocks, struct byte_block **ret_block);

// Any thread that knows somebody holds it. Each byte_block_hold() needs a release.
void byte_block_hold(struct byte_block *block);
void byte_block_release(struct byte_block *block);

// Whoever holds it. The headroom begins BYTE_BLOCK_HEADROOM_BYTES before the bytes.
uint8_t *byte_block_headroom(struct byte_block *block);
struct slice byte_block_bytes(const struct byte_block *block);

// Any thread. Bytes of the (possibly compressed) file read so far.
uint64_t byte_blocks_file_bytes(struct byte_blocks *blocks);
