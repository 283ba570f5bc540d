// loader/feed_input.h — a feed's bytes (base/byte_source.h), and its lines.
//
// One owner, one thread. Memory is bounded by the largest window asked for.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/byte_source.h"
#include "base/cleanup.h"
#include "base/slice.h"

enum {
	FEED_LINE_BYTES_MAX = 64 * 1024,                // longer lines are cut
	FEED_PADDING_BYTES = BYTE_SOURCE_PADDING_BYTES, // readable behind every window
};

struct feed_input;

// As byte_source_open(); the input is the caller's (feed_input_close).
int feed_input_open(const char *path, byte_source_progress_fn *progress, void *context,
                    struct feed_input **ret_input);

// As byte_source_open_fd().
int feed_input_open_fd(int fd, byte_source_progress_fn *progress, void *context,
                       struct feed_input **ret_input);

// Accepts NULL.
void feed_input_close(struct feed_input *input);
DEFINE_AUTO(feed_input, feed_input_close)

// Gives a window of at least `size` bytes from the current position on (less only at the end of
// the input), valid until the next call. Returns 0, -ENOMEM, -ECANCELED, -EBADMSG (damaged
// compression), or the file's error; but what could be read before an error is given first.
int feed_input_peek(struct feed_input *input, size_t size, struct slice *ret_window);

// Moves on by `size` bytes, which must lie within the last window.
void feed_input_skip(struct feed_input *input, size_t size);

// The next line without its CR and LF, valid until the next call. A line longer than
// FEED_LINE_BYTES_MAX is given cut, with *ret_is_cut; its rest is passed over. A last line that an
// error cuts is not given.
// Returns 1, 0 at the end, or an error as above.
int feed_input_line(struct feed_input *input, struct slice *ret_line, bool *ret_is_cut);

// Does the window last given end where it does because of an error, not at the input's end?
bool feed_input_is_damaged(const struct feed_input *input);

// Bytes (decompressed) before the current position, and lines given by feed_input_line().
uint64_t feed_input_offset(const struct feed_input *input);
uint64_t feed_input_line_number(const struct feed_input *input);
