// base/decompress.h — gzip (RFC 1952) and zstd (RFC 8878) as one stream of bytes.
//
// Members and frames that follow each other are one stream. One owner, one thread.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "base/slice.h"

struct decompress;

// Looks at how the input begins. Returns 0 and gives the decompressor to the caller
// (decompress_free), or NULL when the input is not compressed; or -ENOMEM.
int decompress_create(struct slice beginning, struct decompress **ret_decompress);

// Accepts NULL.
void decompress_free(struct decompress *decompress);
DEFINE_AUTO(decompress, decompress_free)

// Takes from `input` (moved on) and writes at most `size` bytes to `output`. Returns 0, or
// -EBADMSG when the input is damaged; *ret_written is set in both cases.
int decompress_step(struct decompress *decompress, struct slice *input, uint8_t *output,
                    size_t size, size_t *ret_written);

// True when a further step could give output without further input.
bool decompress_has_more(const struct decompress *decompress);

// True when the input may end here: between members or frames.
bool decompress_is_complete(const struct decompress *decompress);
