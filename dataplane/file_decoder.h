// dataplane/file_decoder.h — one content coding taken off a stream of bytes: gzip (RFC 1952),
// deflate (RFC 1950 as it should be, RFC 1951 as it often is), br (RFC 7932).
//
// All its memory is of a struct file_memory.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/slice.h"
#include "dataplane/file_memory.h"

enum file_coding {
	FILE_CODING_GZIP,
	FILE_CODING_DEFLATE,
	FILE_CODING_BROTLI,
	FILE_CODING_UNKNOWN,
};

struct file_decoder;

// HOT. NULL when there is no room, or the coding is unknown.
struct file_decoder *file_decoder_open(struct file_memory *memory, enum file_coding coding);

// HOT. Accepts NULL.
void file_decoder_close(struct file_memory *memory, struct file_decoder *decoder);

enum file_decoder_result {
	FILE_DECODER_MORE,     // there may be more output without more input
	FILE_DECODER_HUNGRY,   // it needs more input
	FILE_DECODER_COMPLETE, // it has ended: what follows is no part of it, and passed over
	FILE_DECODER_DAMAGED,
	FILE_DECODER_NO_ROOM,
};

// HOT. Takes from `input` (moved on), writes at most `size` bytes to `output`; *ret_written is set
// in any case. Members of gzip that follow each other are one stream.
enum file_decoder_result file_decoder_step(struct file_decoder *decoder, struct slice *input,
                                           uint8_t *output, size_t size, size_t *ret_written);

// HOT. May the input end here?
bool file_decoder_is_complete(const struct file_decoder *decoder);
