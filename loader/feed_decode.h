// loader/feed_decode.h — the bytes of a file as they come, decompressed.
//
// What is gzip (RFC 1952, several members too) or zstd (RFC 8878) is told by its first bytes.
// One owner, one thread. Memory is bounded, whatever the file says.
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "loader/feed_input.h"

struct feed_decode;

// As feed_input_open().
int feed_decode_open(const char *path, feed_progress_fn *progress, void *context,
                     struct feed_decode **ret_decode);

// Accepts NULL.
void feed_decode_close(struct feed_decode *decode);
DEFINE_AUTO(feed_decode, feed_decode_close)

// Reads at most `size` (> 0) bytes into `bytes`. Returns 0 and sets *ret_size, which is 0 only at
// the end, or -ECANCELED, -EBADMSG (damaged or truncated compression), -ENOMEM, the file's error.
int feed_decode_read(struct feed_decode *decode, uint8_t *bytes, size_t size, size_t *ret_size);
