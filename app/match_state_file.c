#include "app/match_state_file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/hash.h"

#define FIRST_LINE "sekisho match state 1"

void match_state_file_close(struct match_state_file *file)
{
	for (size_t i = 0; i < file->count; i++)
		free(file->entries[i].path);
	free(file->entries);
	*file = (struct match_state_file){0};
}

int match_state_file_add(struct match_state_file *file, struct match_state_entry *entry)
{
	if ((file->count & (file->count - 1)) == 0) { // grow at powers of two
		size_t capacity = file->count > 0 ? 2 * file->count : 1;
		struct match_state_entry *entries = reallocarray(file->entries, capacity,
		                                                 sizeof(*entries));

		if (entries == NULL) {
			free(entry->path);
			return -ENOMEM;
		}
		file->entries = entries;
	}
	file->entries[file->count++] = *entry;
	return 0;
}

static int compare_to_path(const void *path, const void *entry)
{
	return strcmp(path, ((const struct match_state_entry *)entry)->path);
}

const struct match_state_entry *match_state_file_find(const struct match_state_file *file,
                                                      const char *path)
{
	if (file->sorted_count == 0)
		return NULL;
	return bsearch(path, file->entries, file->sorted_count, sizeof(file->entries[0]),
	               compare_to_path);
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

static bool read_hex(const char *text, uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int high = hex_value(text[2 * i]);
		int low = high < 0 ? -1 : hex_value(text[2 * i + 1]);

		if (low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

// In place. False when there is something that an encoder does not write.
static bool decode_path(char *text)
{
	char *end = text;

	for (; *text != '\0'; text++) {
		uint8_t byte = (uint8_t)*text;

		if (byte == '%') {
			if (!read_hex(text + 1, &byte, 1) || byte == 0)
				return false;
			text += 2;
		}
		*end++ = (char)byte;
	}
	*end = '\0';
	return true;
}

static void encode_path(struct buffer *text, const char *path)
{
	for (; *path != '\0'; path++) {
		uint8_t byte = (uint8_t)*path;

		if (byte == '%' || byte < ' ' || byte > '~')
			buffer_format(text, "%%%02x", byte);
		else
			buffer_append_byte(text, byte);
	}
}

static bool read_key(const char *line, struct match_state_key *key)
{
	char build[65], overlay[65];
	int end = 0;

	return sscanf(line, "database %64s %64s %" SCNu64 " %" SCNu64 "%n", build, overlay,
	              &key->silent_indicators, &key->settings, &end) == 4 &&
	       line[end] == '\0' && strlen(build) == 64 && strlen(overlay) == 64 &&
	       read_hex(build, key->build_id, 32) && read_hex(overlay, key->overlay_build_id, 32);
}

// Returns 0, -EBADMSG or -ENOMEM.
static int read_entry(struct match_state_file *file, const char *line)
{
	struct match_state_entry entry = {0};
	int path_at = 0;

	if (sscanf(line, "%" SCNu64 " %" SCNd64 " %" SCNu64 " %" SCNu64 " %n", &entry.size,
	           &entry.changed_ns, &entry.device, &entry.inode, &path_at) != 4 ||
	    path_at == 0 || line[path_at] == '\0')
		return -EBADMSG;
	entry.path = strdup(line + path_at);
	if (entry.path == NULL)
		return -ENOMEM;
	if (!decode_path(entry.path) ||
	    (file->count > 0 && strcmp(file->entries[file->count - 1].path, entry.path) >= 0)) {
		free(entry.path);
		return -EBADMSG;
	}
	return match_state_file_add(file, &entry);
}

static bool is_end(const struct match_state_file *file, const char *line, uint64_t hash)
{
	char wanted[64];

	(void)snprintf(wanted, sizeof(wanted), "end %zu %016" PRIx64, file->count, hash);
	return strcmp(line, wanted) == 0;
}

struct state_reader {
	FILE *stream;
	char *line;
	size_t capacity;
	uint64_t hash; // of the lines before this one
	uint64_t line_number;
};

// The next line, without its newline; false when there is none that ends with one.
static bool next_line(struct state_reader *reader)
{
	if (reader->line_number > 0)
		reader->hash = hash_bytes(reader->hash, reader->line, strlen(reader->line));
	reader->line_number++;
	ssize_t size = getline(&reader->line, &reader->capacity, reader->stream);

	if (size <= 0 || reader->line[size - 1] != '\n' || strlen(reader->line) != (size_t)size)
		return false;
	reader->line[size - 1] = '\0';
	return true;
}

// Returns 0, -EBADMSG or -ENOMEM.
static int read_lines(struct state_reader *reader, struct match_state_file *file)
{
	if (!next_line(reader) || strcmp(reader->line, FIRST_LINE) != 0 || !next_line(reader) ||
	    !read_key(reader->line, &file->key))
		return -EBADMSG;
	for (;;) {
		int error;

		if (!next_line(reader))
			return -EBADMSG;
		if (strncmp(reader->line, "end ", 4) == 0)
			break;
		error = read_entry(file, reader->line);
		if (error < 0)
			return error;
	}
	file->sorted_count = file->count;
	if (!is_end(file, reader->line, reader->hash))
		return -EBADMSG;
	reader->line_number++;
	return fgetc(reader->stream) == EOF ? 0 : -EBADMSG;
}

int match_state_file_read(const char *path, struct match_state_file *file, uint64_t *ret_line)
{
	struct state_reader reader = {.stream = fopen(path, "re")};
	int error;

	if (reader.stream == NULL)
		return -errno;
	errno = 0;
	error = read_lines(&reader, file);
	if (error == -EBADMSG && ferror(reader.stream) != 0)
		error = errno != 0 ? -errno : -EIO;
	*ret_line = reader.line_number;
	(void)fclose(reader.stream);
	free(reader.line);
	if (error < 0)
		match_state_file_close(file);
	return error;
}

static int compare_entries(const void *a, const void *b)
{
	const struct match_state_entry *const *first = a;
	const struct match_state_entry *const *second = b;
	int order = strcmp((*first)->path, (*second)->path);

	// What was added last comes first.
	if (order == 0)
		return (*first < *second) - (*first > *second);
	return order;
}

static void append_line(struct buffer *text, struct buffer *line, uint64_t *hash)
{
	*hash = hash_bytes(*hash, line->data, line->size);
	buffer_append_slice(text, buffer_slice(line));
	buffer_append_byte(text, '\n');
	text->failed = text->failed || line->failed;
	buffer_clear(line);
}

static void append_hex(struct buffer *line, const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buffer_format(line, "%02x", bytes[i]);
}

static uint64_t append_head(const struct match_state_key *key, struct buffer *text,
                            struct buffer *line)
{
	uint64_t hash = 0;

	buffer_append_text(line, FIRST_LINE);
	append_line(text, line, &hash);
	buffer_append_text(line, "database ");
	append_hex(line, key->build_id, sizeof(key->build_id));
	buffer_append_byte(line, ' ');
	append_hex(line, key->overlay_build_id, sizeof(key->overlay_build_id));
	buffer_format(line, " %" PRIu64 " %" PRIu64, key->silent_indicators, key->settings);
	append_line(text, line, &hash);
	return hash;
}

static void append_entry(const struct match_state_entry *entry, struct buffer *line)
{
	buffer_format(line, "%" PRIu64 " %" PRId64 " %" PRIu64 " %" PRIu64 " ", entry->size,
	              entry->changed_ns, entry->device, entry->inode);
	encode_path(line, entry->path);
}

static void append_all(const struct match_state_file *file,
                       const struct match_state_entry *const sorted[], struct buffer *text)
{
	AUTO_BUFFER line = {0};
	uint64_t hash = append_head(&file->key, text, &line);
	size_t written = 0;

	for (size_t i = 0; i < file->count; i++) {
		if (i > 0 && strcmp(sorted[i - 1]->path, sorted[i]->path) == 0)
			continue;
		append_entry(sorted[i], &line);
		append_line(text, &line, &hash);
		written++;
	}
	buffer_format(text, "end %zu %016" PRIx64 "\n", written, hash);
}

int match_state_file_write(const struct match_state_file *file, FILE *stream)
{
	AUTO_BUFFER text = {0};
	const struct match_state_entry **sorted = calloc(file->count + 1, sizeof(sorted[0]));

	if (sorted == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < file->count; i++)
		sorted[i] = &file->entries[i];
	qsort(sorted, file->count, sizeof(sorted[0]), compare_entries);
	append_all(file, sorted, &text);
	free(sorted);
	if (text.failed)
		return -ENOMEM;
	if (fwrite(text.data, 1, text.size, stream) != text.size)
		return errno != 0 ? -errno : -EIO;
	return 0;
}
