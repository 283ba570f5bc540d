#include "dataplane/http_multipart.h"

#include <assert.h>
#include <string.h>

#include "base/ascii.h"
#include "dataplane/file.h"
#include "dataplane/http_field.h"

enum multipart_phase {
	PHASE_DATA,      // of a part, or between parts
	PHASE_DELIMITER, // behind a boundary, to the end of its line
	PHASE_HEAD,      // of a part
};

static const char delimiter_start[] = "\r\n--";
enum { DELIMITER_START_BYTES = sizeof(delimiter_start) - 1 };

static struct slice boundary_of(struct slice media_type)
{
	struct slice boundary = http_field_parameter(media_type, "boundary", NULL);

	if (boundary.size > MULTIPART_BOUNDARY_BYTES_MAX ||
	    slice_find(boundary, '\r') < boundary.size ||
	    slice_find(boundary, '\n') < boundary.size)
		return slice_text("");
	return boundary;
}

bool http_multipart_is_one(struct slice media_type)
{
	return ascii_begins_with(media_type, "multipart/") && boundary_of(media_type).size > 0;
}

static void add_level(struct http_multipart *multipart, struct slice media_type)
{
	struct multipart_level *level = &multipart->levels[multipart->depth++];
	struct slice boundary = boundary_of(media_type);

	level->is_form = ascii_begins_with(media_type, "multipart/form-data");
	level->boundary_bytes = (uint8_t)boundary.size;
	memcpy(level->boundary, boundary.data, boundary.size);
}

// A delimiter may follow at once: the end of the line before it is none of a part.
static void begin_line(struct http_multipart *multipart)
{
	multipart->match_bytes = 2;
	multipart->given_bytes = 2;
}

void http_multipart_begin(struct http_multipart *multipart, struct slice media_type,
                          enum observable_where where)
{
	multipart->file_id = 0;
	multipart->where = where;
	multipart->phase = PHASE_DATA;
	multipart->depth = 0;
	multipart->line_bytes = 0;
	// The first delimiter need not have a line before it.
	begin_line(multipart);
	add_level(multipart, media_type);
}

// What of the part's head says which file it is. Two lines of one field are not expected.
struct part_head {
	struct slice disposition;
	struct slice media_type;
};

static void parse_part_head(struct slice rest, struct part_head *ret_head)
{
	*ret_head = (struct part_head){0};
	while (rest.size > 0) {
		struct http_field field = http_field_take(&rest);

		if (http_field_is(field.name, "Content-Disposition"))
			ret_head->disposition = field.value;
		else if (http_field_is(field.name, "Content-Type"))
			ret_head->media_type = field.value;
	}
}

static void begin_part(struct http_multipart *multipart, struct extract_output *output)
{
	const struct multipart_level *level = &multipart->levels[multipart->depth - 1];
	uint8_t name[FILE_NAME_BYTES_MAX];
	struct file_start start = {.where = multipart->where};
	struct part_head head;

	multipart->phase = PHASE_DATA;
	begin_line(multipart);
	parse_part_head(slice_of(multipart->head, multipart->head_bytes), &head);
	if (multipart->depth < MULTIPART_DEPTH_MAX && http_multipart_is_one(head.media_type)) {
		add_level(multipart, head.media_type);
		return;
	}
	start.name = slice_of(name, http_field_file_name(head.disposition, name, sizeof(name)));
	start.media_type = http_field_main(head.media_type);
	if (start.name.size > 0 || !level->is_form)
		multipart->file_id = file_begin(output, &start);
}

static void end_part(struct http_multipart *multipart, bool is_whole, struct extract_output *output)
{
	file_end(output, multipart->file_id, is_whole);
	multipart->file_id = 0;
}

// Writes what looked like a delimiter and was none.
static void write_held(struct http_multipart *multipart, struct extract_output *output)
{
	file_write(output, multipart->file_id,
	           slice_of(delimiter_start + multipart->given_bytes,
	                    (size_t)(multipart->match_bytes - multipart->given_bytes)));
	file_write(output, multipart->file_id, slice_of(multipart->line, multipart->line_bytes));
	multipart->match_bytes = 0;
	multipart->given_bytes = 0;
	multipart->line_bytes = 0;
}

// The level with the longest boundary that `line` begins with (RFC 2046, section 5.1.1, lets
// anything follow it), 1 the outermost; 0: none. *ret_may_be: it may become a longer one.
static unsigned level_of_line(const struct http_multipart *multipart, bool *ret_may_be)
{
	struct slice line = slice_of(multipart->line, multipart->line_bytes);
	unsigned level = 0;
	size_t longest = 0;

	*ret_may_be = false;
	for (unsigned i = 0; i < multipart->depth; i++) {
		struct slice boundary = slice_of(multipart->levels[i].boundary,
		                                 multipart->levels[i].boundary_bytes);

		if (line.size < boundary.size) {
			if (slice_equal(slice_first(boundary, line.size), line))
				*ret_may_be = true;
		} else if (boundary.size > longest &&
		           slice_equal(slice_first(line, boundary.size), boundary)) {
			longest = boundary.size;
			level = i + 1;
		}
	}
	return level;
}

static void take_delimiter(struct http_multipart *multipart, unsigned level,
                           struct extract_output *output)
{
	end_part(multipart, true, output);
	// An outer delimiter ends what is inside.
	multipart->depth = (uint8_t)level;
	multipart->match_bytes = 0;
	multipart->given_bytes = 0;
	multipart->line_bytes = 0;
	multipart->phase = PHASE_DELIMITER;
	multipart->is_closing = false;
	multipart->dashes = 0;
}

// "--" behind the boundary closes it; blanks may follow.
static size_t take_delimiter_line(struct http_multipart *multipart, struct slice bytes)
{
	uint8_t byte = bytes.data[0];

	multipart->dashes = byte == '-' && multipart->dashes < 2 ? multipart->dashes + 1
	                                                         : multipart->dashes;
	if (multipart->dashes == 2)
		multipart->is_closing = true;
	if (byte != '\n')
		return 1;
	multipart->phase = PHASE_HEAD;
	multipart->head_bytes = 0;
	multipart->is_line_empty = true;
	if (multipart->is_closing) {
		// What follows up to the delimiter around it is nothing.
		multipart->phase = PHASE_DATA;
		begin_line(multipart);
		if (multipart->depth > 1)
			multipart->depth--;
	}
	return 1;
}

// Takes a byte behind "\r\n--". False: the byte is to be looked at again, as it is not of a
// boundary.
static bool take_boundary_byte(struct http_multipart *multipart, uint8_t byte,
                               struct extract_output *output)
{
	bool may_be = false;
	unsigned level;
	uint8_t line_bytes, at;

	assert(multipart->line_bytes < MULTIPART_BOUNDARY_BYTES_MAX); // else it was no prefix
	multipart->line[multipart->line_bytes++] = byte;
	level = level_of_line(multipart, &may_be);
	if (may_be)
		return true;
	if (level == 0) {
		multipart->line_bytes--;
		write_held(multipart, output);
		return false;
	}
	line_bytes = multipart->line_bytes;
	at = multipart->levels[level - 1].boundary_bytes;
	take_delimiter(multipart, level, output);
	if (at == line_bytes)
		return true;
	// It looked like a longer one for a while.
	for (; at + 1 < line_bytes; at++)
		(void)take_delimiter_line(multipart, slice_of(&multipart->line[at], 1));
	return false;
}

// A carriage return can begin a delimiter, no other byte of one is one.
static size_t take_data(struct http_multipart *multipart, struct slice bytes,
                        struct extract_output *output)
{
	size_t size;

	if (multipart->match_bytes == DELIMITER_START_BYTES)
		return take_boundary_byte(multipart, bytes.data[0], output) ? 1 : 0;
	if (bytes.data[0] == (uint8_t)delimiter_start[multipart->match_bytes]) {
		multipart->match_bytes++;
		return 1;
	}
	if (multipart->match_bytes > 0) {
		write_held(multipart, output);
		return 0;
	}
	size = slice_find(bytes, '\r');
	file_write(output, multipart->file_id, slice_first(bytes, size));
	return size;
}

static size_t take_head(struct http_multipart *multipart, struct slice bytes,
                        struct extract_output *output)
{
	size_t end = slice_find(bytes, '\n');
	struct slice taken = slice_first(bytes, end < bytes.size ? end + 1 : end);
	struct slice kept = slice_first(taken, MULTIPART_HEAD_BYTES_MAX - multipart->head_bytes);

	memcpy(multipart->head + multipart->head_bytes, kept.data, kept.size);
	multipart->head_bytes += (uint16_t)kept.size;
	if (slice_trim(taken).size > 0)
		multipart->is_line_empty = false;
	if (end == bytes.size)
		return taken.size;
	if (multipart->is_line_empty)
		begin_part(multipart, output);
	multipart->is_line_empty = true;
	return taken.size;
}

void http_multipart_write(struct http_multipart *multipart, struct slice bytes,
                          struct extract_output *output)
{
	while (bytes.size > 0) {
		size_t done = 0;

		switch ((enum multipart_phase)multipart->phase) {
		case PHASE_DATA:
			done = take_data(multipart, bytes, output);
			break;
		case PHASE_DELIMITER:
			done = take_delimiter_line(multipart, bytes);
			break;
		case PHASE_HEAD:
			done = take_head(multipart, bytes, output);
			break;
		}
		bytes = slice_from(bytes, done);
	}
}

void http_multipart_gap(struct http_multipart *multipart, struct extract_output *output)
{
	write_held(multipart, output);
	file_lose(output, multipart->file_id, FILE_LOSS_GAP);
	multipart->phase = PHASE_DATA;
}

void http_multipart_end(struct http_multipart *multipart, struct extract_output *output)
{
	write_held(multipart, output);
	end_part(multipart, false, output);
}
