// dataplane/file.h — files on their way: their bytes, in order, to sizes and hashes.
//
// An extractor that meets a file begins it, writes what it carries, and ends it; the output is told
// of it then, once (struct file_seen). A file whose bytes are not all there, or cannot be decoded
// within bounds, has no hash: it is told of without, and counted by cause. Only those hashes are
// computed that extract_output.hashes_wanted names. One table a worker; names and ids as in pool.h.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "dataplane/dataplane.h"
#include "dataplane/extract.h"
#include "dataplane/file_decoder.h"

enum {
	FILE_NAME_BYTES_MAX = 255, // of a name or media type; the rest is cut
	FILE_CODINGS_MAX = 4,      // content codings on top of each other
	// Bounds of decoding: the output of all codings of a file together.
	FILE_DECODED_BYTES_MAX = 1 << 30,
	FILE_DECODED_FREE_BYTES = 1 << 20, // as much of it may come of any input,
	FILE_DECODED_RATIO_MAX = 256,      // and so many bytes of each byte of input
};

// What is known of a file when it begins. All of it is copied.
struct file_start {
	enum observable_where where;
	struct slice name;
	struct slice media_type;
	unsigned coding_count;             // more than FILE_CODINGS_MAX: too many
	uint8_t codings[FILE_CODINGS_MAX]; // enum file_coding, in the order they were put on
};

// Returns 0 and gives the table to the caller (file_table_free), or -ENOMEM. A quarter of the
// budget is for files, the rest for decoders.
int file_table_create(size_t budget_bytes, struct file_table **ret_table);

// Accepts NULL.
void file_table_free(struct file_table *table);

// Is no file on its way?
bool file_table_is_empty(const struct file_table *table);

void file_table_counters(const struct file_table *table, struct file_counters *ret_counters);

// Does anybody want files?
static inline bool file_is_wanted(const struct extract_output *output)
{
	return output->files != NULL && (output->hashes_wanted != 0 || output->tell != NULL);
}

// HOT. Returns the file's id, or 0 when nobody wants files or there is no room (counted). Calls
// with id 0 do nothing.
uint32_t file_begin(struct extract_output *output, const struct file_start *start);

// HOT. A file that cannot be begun as its carrier has no room: counted, if anybody wants files.
void file_refuse(struct extract_output *output);

// HOT. The bytes that follow.
void file_write(struct extract_output *output, uint32_t id, struct slice bytes);

// HOT. The file will have no hash, for this cause, unless it had another before.
void file_lose(struct extract_output *output, uint32_t id, enum file_loss loss);

// HOT. May more of its bytes change anything? When not, it is to be ended.
bool file_is_open(const struct extract_output *output, uint32_t id);

// HOT. There is no more; is_whole: the bytes written are all there are. The id is given back.
// What has no bytes is no file, and not told.
void file_end(struct extract_output *output, uint32_t id, bool is_whole);
