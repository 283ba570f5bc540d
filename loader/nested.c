#include "loader/nested.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/decompress.h"
#include "base/temporary_file.h"

enum {
	NAME_SHOWN_BYTES = 512,
	MAGIC_BYTES = 4,
	COPY_BYTES = 64 * 1024,
};

static int refuse(const struct feed *outer, struct slice name, const char *reason)
{
	report_note(&outer->summary->report, reason, name, "%s", "");
	return 0;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

int nested_entry_open(struct feed *outer, struct slice name, uint64_t packed_bytes,
                      struct nested_entry *ret_entry)
{
	struct nesting *nesting = outer->nesting;
	uint64_t ratio_bytes = NESTED_FREE_BYTES;
	int fd;

	if (nesting->depth >= NESTED_DEPTH_MAX)
		return refuse(outer, name, "nested too deeply");
	if (nesting->entries >= NESTED_ENTRIES_MAX)
		return refuse(outer, name, "too many entries");
	if (packed_bytes > NESTED_BYTES_MAX / NESTED_RATIO_MAX)
		ratio_bytes = NESTED_BYTES_MAX;
	else
		ratio_bytes += packed_bytes * NESTED_RATIO_MAX;

	int error = temporary_file_open(&fd);
	if (error < 0)
		return error;
	nesting->entries++;
	*ret_entry = (struct nested_entry){
		.outer = outer,
		.name = name,
		.fd = fd,
		.bytes_max = smaller(smaller(ratio_bytes, NESTED_ENTRY_BYTES_MAX),
	                             NESTED_BYTES_MAX - nesting->bytes),
	};
	return 1;
}

int nested_entry_write(struct nested_entry *entry, struct slice bytes)
{
	if (bytes.size > entry->bytes_max - entry->bytes)
		return refuse(entry->outer, entry->name, "unpacks to more than is allowed");

	int error = temporary_file_write(entry->fd, bytes);
	if (error < 0)
		return error;
	entry->bytes += bytes.size;
	entry->outer->nesting->bytes += bytes.size;
	return 1;
}

void nested_entry_close(struct nested_entry *entry)
{
	(void)close(entry->fd);
}

// Copies all of `source` into `entry`. Returns 1, 0 when a bound is reached, or an error;
// *ret_error is what the source ended with.
static int unpack(struct byte_source *source, struct nested_entry *entry, int *ret_error)
{
	int result = 1;

	for (;;) {
		*ret_error = byte_source_fill(source, COPY_BYTES);
		struct slice window = byte_source_window(source);

		if (window.size == 0 || result != 1)
			return result;
		result = nested_entry_write(entry, window);
		byte_source_skip(source, window.size);
	}
}

static bool is_compressed(int fd)
{
	AUTO(decompress) decompress = NULL;
	uint8_t magic[MAGIC_BYTES];
	ssize_t size = pread(fd, magic, sizeof(magic), 0);

	return size == MAGIC_BYTES &&
	       decompress_create(slice_of(magic, sizeof(magic)), &decompress) == 0 &&
	       decompress != NULL;
}

// An entry that is compressed is unpacked under the same bounds, to another file in its place.
// What damage leaves is read, and the damage told.
static int decompress_entry(struct nested_entry *entry)
{
	AUTO(byte_source) source = NULL;
	struct nested_entry unpacked;
	int damage;
	int error = byte_source_open_fd(entry->fd, NULL, NULL, &source);

	if (error < 0)
		return error == -EBADMSG ? refuse(entry->outer, entry->name, "damaged compression")
		                         : error;

	int result = nested_entry_open(entry->outer, entry->name, entry->bytes, &unpacked);
	if (result == 1) {
		unpacked.format = entry->format;
		result = unpack(source, &unpacked, &damage);
		if (result == 1 && damage < 0)
			result = damage == -EBADMSG
			                 ? refuse(entry->outer, entry->name, "damaged compression")
			                 : damage;
		if (result != 1) {
			nested_entry_close(&unpacked);
			return result;
		}
		nested_entry_close(entry);
		*entry = unpacked;
	}
	return result;
}

static void add_counts(struct feed_summary *sum, const struct feed_summary *part)
{
	sum->objects += part->objects;
	sum->indicators += part->indicators;
	sum->patterns += part->patterns;
	sum->duplicates += part->duplicates;
	sum->is_damaged |= part->is_damaged;
	sum->known_benign += part->known_benign;
	for (unsigned i = 0; i < OBSERVABLE_TYPE_COUNT; i++)
		sum->values[i] += part->values[i];
}

// The entry as a feed: what is said of the outer one holds for it.
static int read_entry(const struct nested_entry *entry, const char *path)
{
	struct feed *outer = entry->outer;
	struct feed_options options = *outer->options;
	struct feed_summary summary = {
		.report =
			{
				.input = path,
				.each = outer->summary->report.each,
				.each_context = outer->summary->report.each_context,
			},
	};
	AUTO(feed_input) input = NULL;
	struct feed inner = *outer;

	options.path = path;
	options.format = entry->format;
	int error = feed_input_open_fd(entry->fd, outer->progress, outer->progress_context, &input);
	if (error < 0)
		return error;
	inner.options = &options;
	inner.summary = &summary;
	inner.input = input;
	inner.label = NULL;
	outer->nesting->depth++;
	error = reader_read_input(&inner);
	outer->nesting->depth--;
	add_counts(outer->summary, &summary);
	report_merge(&outer->summary->report, &summary.report, entry->name);
	report_clear(&summary.report);
	return error == -EBADMSG ? 0 : error;
}

int nested_entry_read(struct nested_entry *entry)
{
	char path[NAME_SHOWN_BYTES];
	char name[PROBLEM_TEXT_BYTES];
	int result = 1;

	report_printable(entry->name, name);
	(void)snprintf(path, sizeof(path), "%s:%s", entry->outer->options->path, name);
	if (lseek(entry->fd, 0, SEEK_SET) < 0)
		return -errno;
	if (is_compressed(entry->fd)) {
		result = decompress_entry(entry);
		if (result == 1 && lseek(entry->fd, 0, SEEK_SET) < 0)
			return -errno;
	}
	return result == 1 ? read_entry(entry, path) : result;
}
