#include "engine/normalize_path.h"

#include <stdbool.h>

#include "base/cpu.h"
#include "base/ascii.h"

// What a byte of a URL is, and what it may end. Bytes that RFC 3986 allows in a path or query
// are PLAIN; all others have one spelling only, the encoded one, so that a feed's "{id}" equals
// the wire's "%7Bid%7D".
enum byte_class {
	BYTE_ENCODED, // space, "<>^`{|}, above 0x7e
	BYTE_PLAIN,
	BYTE_CONTROL,
	BYTE_PERCENT,
	BYTE_SLASH,
	BYTE_BACKSLASH,
	BYTE_QUESTION,
	BYTE_HASH,
};

static const uint8_t byte_classes[256] = {
	[0x00 ... 0x1f] = BYTE_CONTROL,
	[0x7f] = BYTE_CONTROL,
	['!'] = BYTE_PLAIN,
	['#'] = BYTE_HASH,
	['$'] = BYTE_PLAIN,
	['%'] = BYTE_PERCENT,
	['&' ... '.'] = BYTE_PLAIN, // & ' ( ) * + , - .
	['/'] = BYTE_SLASH,
	['0' ... '9'] = BYTE_PLAIN,
	[':'] = BYTE_PLAIN,
	[';'] = BYTE_PLAIN,
	['='] = BYTE_PLAIN,
	['?'] = BYTE_QUESTION,
	['@' ... 'Z'] = BYTE_PLAIN,
	['['] = BYTE_PLAIN, // not RFC 3986's, but every browser sends "a[]=1" as it is
	['\\'] = BYTE_BACKSLASH,
	[']'] = BYTE_PLAIN,
	['_'] = BYTE_PLAIN,
	['a' ... 'z'] = BYTE_PLAIN,
	['~'] = BYTE_PLAIN,
};

static int put_encoded(struct url_output *output, uint8_t byte)
{
	static const char digits[] = "0123456789ABCDEF";

	return url_output_put(output, (char[]){'%', digits[byte >> 4], digits[byte & 15]}, 3);
}

// A '%' that begins no "%xx" is a percent sign: "100%" is "100%25".
// Returns how many bytes of `text` were taken, or -EMSGSIZE.
static int put_percent(struct url_output *output, struct slice text)
{
	int decoded = ascii_percent_decode(text);
	uint8_t byte = decoded < 0 ? '%' : (uint8_t)decoded;
	int error = decoded >= 0 && ascii_is_unreserved(byte) ? url_output_put(output, &byte, 1)
	                                                      : put_encoded(output, byte);

	return error < 0 ? error : decoded < 0 ? 1 : 3;
}

// Ends the path's segment before a '/' or the path's end: "." goes, ".." takes the segment before
// it along (RFC 3986, section 5.2.4). Output always begins its path with '/'.
// Returns where the next segment begins, or NULL when the segment stays.
static char *drop_dot_segment(struct url_output *output, char *path, char *segment)
{
	size_t size = (size_t)(output->next - segment);

	if (size == 0 || size > 2 || segment[0] != '.' || segment[size - 1] != '.')
		return NULL;
	if (size == 2 && segment > path + 1)
		for (segment--; segment[-1] != '/';)
			segment--;
	output->next = segment;
	return segment;
}

static int put_special(struct url_output *output, struct slice text)
{
	if (byte_classes[text.data[0]] == BYTE_CONTROL)
		return -EINVAL;
	if (byte_classes[text.data[0]] == BYTE_PERCENT)
		return put_percent(output, text);

	int error = put_encoded(output, text.data[0]);
	return error < 0 ? error : 1;
}

// Bytes of a vector that stand in paths and queries as they are, in most of them.
static cpu_vector flag_usual(cpu_vector bytes)
{
	return (cpu_vector)(((bytes >= '&') & (bytes <= ';')) | ((bytes >= '@') & (bytes <= '[')) |
	                    ((bytes >= 'a') & (bytes <= 'z')) | (bytes == '=') | (bytes == '_') |
	                    (bytes == '~'));
}

// The next bytes of `text`, zeros behind its end.
static cpu_vector load_next(struct slice text, size_t offset)
{
	size_t left = text.size - offset;
	cpu_vector bytes = {0};

	if (likely(left >= sizeof(bytes)))
		memcpy(&bytes, text.data + offset, sizeof(bytes));
	else
		memcpy(&bytes, text.data + offset, left);
	return bytes;
}

// Copies what begins `text` and needs no change, as far as it is soon told: up to a byte that is
// not usual, or a segment that begins with a dot (not in a query). Returns how much that is. A
// '/' goes before `text`.
static size_t put_usual(struct url_output *output, struct slice text, bool is_query)
{
	unsigned slash_before = 1;
	size_t offset = 0;

	while (offset < text.size && (size_t)(output->end - output->next) >= CPU_VECTOR_BYTES) {
		cpu_vector bytes = load_next(text, offset);
		unsigned stops = cpu_bytes_equal_to(flag_usual(bytes), 0);
		unsigned slashes = cpu_bytes_equal_to(bytes, '/');
		unsigned size = CPU_VECTOR_BYTES;

		if (!is_query)
			stops |= cpu_bytes_equal_to(bytes, '.') & (slashes << 1 | slash_before);
		if (stops != 0)
			size = (unsigned)__builtin_ctz(stops);
		memcpy(output->next, &bytes, sizeof(bytes));
		output->next += size;
		offset += size;
		if (stops != 0)
			break;
		slash_before = slashes >> (CPU_VECTOR_BYTES - 1);
	}
	return offset;
}

// Writes the path, which is empty or begins with '/' or '\', and sets *ret_size to how many bytes
// of `rest` it took. A backslash is a slash, as browsers read it (WHATWG URL, section 4.4).
static int put_path(struct url_output *output, struct slice rest, size_t *ret_size)
{
	char *path = output->next;
	char *segment;
	size_t offset = 1;
	int taken = 1;

	if (url_output_put(output, "/", 1) < 0)
		return -EMSGSIZE;
	offset += put_usual(output, slice_from(rest, 1), false);
	segment = output->next;
	while (segment[-1] != '/')
		segment--;
	for (; offset < rest.size; offset += (size_t)taken) {
		uint8_t byte = rest.data[offset];
		uint8_t class = byte_classes[byte];

		taken = 1;
		if (likely(class == BYTE_PLAIN)) {
			if (output->next == output->end)
				return -EMSGSIZE;
			*output->next++ = (char)byte;
		} else if (class == BYTE_SLASH || class == BYTE_BACKSLASH) {
			char *start = drop_dot_segment(output, path, segment);

			if (start == NULL && url_output_put(output, "/", 1) < 0)
				return -EMSGSIZE;
			segment = output->next;
		} else if (class == BYTE_QUESTION || class == BYTE_HASH) {
			break;
		} else {
			taken = put_special(output, slice_from(rest, offset));
			if (taken < 0)
				return taken;
		}
	}
	(void)drop_dot_segment(output, path, segment);
	*ret_size = offset < rest.size ? offset : rest.size;
	return 0;
}

// Writes the query with its '?', which `text` begins with; an empty one stays.
static int put_query(struct url_output *output, struct slice text)
{
	size_t offset = 1;
	int taken;

	if (url_output_put(output, "?", 1) < 0)
		return -EMSGSIZE;
	offset += put_usual(output, slice_from(text, 1), true);
	for (; offset < text.size; offset += (size_t)taken) {
		uint8_t byte = text.data[offset];
		uint8_t class = byte_classes[byte];

		taken = 1;
		if (likely(class == BYTE_PLAIN || class == BYTE_SLASH || class == BYTE_QUESTION)) {
			if (output->next == output->end)
				return -EMSGSIZE;
			*output->next++ = (char)byte;
		} else if (class == BYTE_HASH) {
			break;
		} else {
			taken = put_special(output, slice_from(text, offset));
			if (taken < 0)
				return taken;
		}
	}
	return 0;
}

int normalize_path(struct url_output *output, struct slice rest)
{
	size_t path_size = 0;

	if (rest.size > 0 && (rest.data[0] == '?' || rest.data[0] == '#')) {
		if (url_output_put(output, "/", 1) < 0)
			return -EMSGSIZE;
	} else {
		int error = put_path(output, rest, &path_size);
		if (error < 0)
			return error;
	}

	struct slice query = slice_from(rest, path_size);
	// A fragment may hold no control bytes either: it is the same text to whoever wrote it.
	for (size_t i = slice_find(query, '#'); i < query.size; i++)
		if (byte_classes[query.data[i]] == BYTE_CONTROL)
			return -EINVAL;
	return query.size > 0 && query.data[0] == '?' ? put_query(output, query) : 0;
}
