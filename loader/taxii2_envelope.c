#include "loader/taxii2_envelope.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "loader/feed_input.h"
#include "loader/json_reader.h"

enum { READ_BYTES = 64 * 1024 };

struct scan {
	struct taxii2_envelope *envelope;
	EVP_MD_CTX *digest;
	const char *reason;           // NULL: good so far
	char closing[JSON_DEPTH_MAX]; // what each open bracket waits for
	unsigned depth;
	bool is_in_string, is_escaped;
	bool is_done;          // the outermost object is closed
	bool is_value_due;     // of the outermost object's member
	bool is_in_objects;    // its member "objects", an array
	bool is_element_begun; // of that array
	uint8_t name[16];      // of the member, "" when longer
	size_t name_size;
	struct buffer value; // of the member, without what lies in brackets
};

// ---- members of the outermost object ---------------------------------------------------------

static void keep(struct scan *scan, uint8_t byte)
{
	if (scan->is_value_due) {
		if (scan->value.size <= TAXII2_NEXT_BYTES)
			buffer_append_byte(&scan->value, byte);
	} else if (scan->name_size <= sizeof(scan->name)) {
		if (scan->name_size < sizeof(scan->name))
			scan->name[scan->name_size] = byte;
		scan->name_size++;
	}
}

static struct slice member_name(const struct scan *scan)
{
	return slice_of(scan->name, scan->name_size <= sizeof(scan->name) ? scan->name_size : 0);
}

// A string with its escapes resolved; servers that send a number mean its digits.
static void take_next(struct scan *scan, struct slice text)
{
	AUTO(json_reader) reader = NULL;
	struct json_value value;
	const char *reason;

	if (slice_is(text, "null"))
		return;
	if (text.size > 0 && text.data[0] == '"') {
		if (text.size > TAXII2_NEXT_BYTES || json_reader_create(&reader) < 0 ||
		    json_reader_parse(reader, text, &value, &reason) < 0 ||
		    json_reader_type(value) != JSON_STRING) {
			scan->reason = "a `next` that is too long or no text";
			return;
		}
		text = json_reader_string(value);
	}
	if (text.size >= TAXII2_NEXT_BYTES || memchr(text.data, '\0', text.size) != NULL) {
		scan->reason = "a `next` that is too long or no text";
		return;
	}
	memcpy(scan->envelope->next, text.data, text.size);
	scan->envelope->next[text.size] = '\0';
}

static void end_member(struct scan *scan)
{
	struct taxii2_envelope *envelope = scan->envelope;
	struct slice name = member_name(scan);

	if (!buffer_reserve(&scan->value, FEED_PADDING_BYTES))
		return;
	memset(scan->value.data + scan->value.size, 0, FEED_PADDING_BYTES);

	struct slice value = slice_trim(buffer_slice(&scan->value));
	if (slice_is(name, "more")) {
		envelope->has_more = true;
		envelope->is_more = slice_is(value, "true");
	} else if (slice_is(name, "next") && value.size > 0) {
		take_next(scan, value);
	}
	scan->name_size = 0;
	scan->is_value_due = false;
	buffer_clear(&scan->value);
}

// ---- brackets --------------------------------------------------------------------------------

static void open_bracket(struct scan *scan, uint8_t byte)
{
	if (scan->depth == JSON_DEPTH_MAX) {
		scan->reason = "more than 1,000 brackets in each other";
		return;
	}
	if (scan->depth == 0 && byte != '{') {
		scan->reason = "not a JSON object";
		return;
	}
	if (scan->depth == 1 && scan->is_value_due && byte == '[' &&
	    slice_is(member_name(scan), "objects")) {
		scan->is_in_objects = true;
		scan->envelope->has_objects = true;
		scan->is_element_begun = false;
	}
	scan->closing[scan->depth++] = byte == '{' ? '}' : ']';
}

static void close_bracket(struct scan *scan, uint8_t byte)
{
	if (scan->depth == 0 || scan->closing[scan->depth - 1] != (char)byte) {
		scan->reason = "a bracket that fits none";
		return;
	}
	scan->depth--;
	if (scan->depth == 0) {
		end_member(scan);
		scan->is_done = true;
	}
	if (scan->depth == 1 && scan->is_in_objects) {
		scan->envelope->object_count += scan->is_element_begun;
		scan->is_in_objects = false;
	}
}

static void take_structure(struct scan *scan, uint8_t byte)
{
	bool is_at_top = scan->depth == 1;

	if (byte == '{' || byte == '[') {
		if (scan->is_in_objects && scan->depth == 2)
			scan->is_element_begun = true;
		open_bracket(scan, byte);
	} else if (byte == '}' || byte == ']') {
		close_bracket(scan, byte);
	} else if (byte == ',' && is_at_top) {
		end_member(scan);
	} else if (byte == ',' && scan->is_in_objects && scan->depth == 2) {
		scan->envelope->object_count += scan->is_element_begun;
		scan->is_element_begun = false;
	} else if (byte == ':' && is_at_top && !scan->is_value_due) {
		scan->is_value_due = true;
	} else if (scan->depth == 0) {
		scan->reason = "not a JSON object";
	} else if (is_at_top && scan->is_value_due) {
		keep(scan, byte);
	} else if (scan->is_in_objects && scan->depth == 2) {
		scan->is_element_begun = true;
	}
}

// Within a string, whose quotes belong to a value but not to a name.
static void take_string(struct scan *scan, uint8_t byte)
{
	bool is_end = byte == '"' && !scan->is_escaped;

	if (scan->depth == 1 && (scan->is_value_due || !is_end))
		keep(scan, byte);
	scan->is_in_string = !is_end;
	scan->is_escaped = byte == '\\' && !scan->is_escaped;
}

static void take_byte(struct scan *scan, uint8_t byte)
{
	if (scan->is_in_string) {
		take_string(scan, byte);
	} else if (slice_is_blank(byte)) {
		return;
	} else if (scan->is_done) {
		scan->reason = "something behind the end";
	} else if (byte == '"' && scan->depth > 0) {
		scan->is_in_string = true;
		if (scan->depth == 1 && scan->is_value_due)
			keep(scan, byte);
		if (scan->is_in_objects && scan->depth == 2)
			scan->is_element_begun = true;
	} else {
		take_structure(scan, byte);
	}
}

// What lies in the array of objects counts for the digest: all of it, from this piece.
static int take_piece(struct scan *scan, struct slice piece)
{
	size_t begin = 0;

	for (size_t i = 0; i < piece.size && scan->reason == NULL; i++) {
		bool was_in_objects = scan->is_in_objects;

		take_byte(scan, piece.data[i]);
		if (was_in_objects == scan->is_in_objects)
			continue;
		if (was_in_objects &&
		    EVP_DigestUpdate(scan->digest, piece.data + begin, i - begin) != 1)
			return -ENOMEM;
		begin = i + 1;
	}
	if (scan->is_in_objects &&
	    EVP_DigestUpdate(scan->digest, piece.data + begin, piece.size - begin) != 1)
		return -ENOMEM;
	return scan->value.failed ? -ENOMEM : 0;
}

static int scan_file(struct scan *scan, int fd)
{
	uint8_t bytes[READ_BYTES];
	off_t offset = 0;

	while (scan->reason == NULL) {
		ssize_t got = pread(fd, bytes, sizeof(bytes), offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0) {
			if (!scan->is_done)
				scan->reason = "it ends before its end";
			return 0;
		}
		struct slice piece = slice_of(bytes, (size_t)got);
		if (offset == 0)
			piece = utf8_skip_mark(piece);
		offset += got;

		int error = take_piece(scan, piece);
		if (error < 0)
			return error;
	}
	return 0;
}

int taxii2_envelope_read(int fd, struct taxii2_envelope *ret_envelope, const char **ret_reason)
{
	struct taxii2_envelope envelope = {0};
	struct scan scan = {.envelope = &envelope, .digest = EVP_MD_CTX_new()};
	int error = -ENOMEM;

	if (scan.digest != NULL && EVP_DigestInit_ex(scan.digest, EVP_sha256(), NULL) == 1)
		error = scan_file(&scan, fd);
	if (error == 0 && EVP_DigestFinal_ex(scan.digest, envelope.digest, NULL) != 1)
		error = -ENOMEM;
	EVP_MD_CTX_free(scan.digest);
	buffer_close(&scan.value);
	if (error < 0)
		return error;
	if (scan.reason != NULL) {
		*ret_reason = scan.reason;
		return -EBADMSG;
	}
	*ret_envelope = envelope;
	return 0;
}
