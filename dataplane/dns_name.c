#include "dataplane/dns_name.h"

#include <string.h>

#include "base/hash.h"
#include "dataplane/wire.h"

enum {
	HEADER_BYTES = 12,
	WIRE_BYTES_MAX = 255 - 1, // RFC 1035, section 2.3.4, without the root label
	LABEL_BYTES_MAX = 63,
	POINTER_MARK = 0xc0,
	POINTERS_MAX = 127, // as many as a name can have labels
};

// Copies the labels of the name at *offset, without the root label, to `ret_wire`, and moves
// *offset behind the name. Pointers lead to ever lower offsets, so that there are no loops.
// Returns their size, or -1 when the name is cut or malformed, or the message's work is spent.
static int expand_name(struct slice bytes, size_t *offset, size_t *work_left,
                       uint8_t ret_wire[WIRE_BYTES_MAX])
{
	size_t at = *offset, start = *offset, end = 0, size = 0;
	unsigned pointers = 0;

	for (;;) {
		uint8_t length;

		if (at >= bytes.size)
			return -1;
		length = bytes.data[at];
		if (length == 0)
			break;
		if (length >= POINTER_MARK) {
			size_t target;

			if (bytes.size - at < 2 || ++pointers > POINTERS_MAX)
				return -1;
			target = wire_be16(bytes.data + at) & 0x3fff;
			if (target < HEADER_BYTES || target >= start)
				return -1;
			if (pointers == 1)
				end = at + 2;
			at = start = target;
			continue;
		}
		if (length > LABEL_BYTES_MAX || bytes.size - at <= length ||
		    size + 1 + length > WIRE_BYTES_MAX)
			return -1;
		memcpy(ret_wire + size, bytes.data + at, 1u + length);
		size += 1u + length;
		at += 1u + length;
	}
	if (size + pointers > *work_left)
		return -1;
	*offset = pointers > 0 ? end : at + 1;
	*work_left -= size + pointers;
	return (int)size;
}

// The byte as it stands in a name, or 0 when it is odd.
static char fold_byte(uint8_t byte)
{
	if (byte >= 'A' && byte <= 'Z')
		return (char)(byte + ('a' - 'A'));
	return byte > ' ' && byte < 0x7f && byte != '.' && byte != '\\' ? (char)byte : '\0';
}

// Writes an odd byte. Returns the bytes written, or 0 when there is no room.
static size_t write_odd_byte(uint8_t byte, bool is_escaped, char *out, size_t room)
{
	if (!is_escaped) {
		*out = '?';
		return 1;
	}
	if (room < 4)
		return 0;
	out[0] = '\\';
	out[1] = (char)('0' + byte / 100);
	out[2] = (char)('0' + byte / 10 % 10);
	out[3] = (char)('0' + byte % 10);
	return 4;
}

// Labels to text. False when it does not fit, which cannot be unless `is_escaped`.
static bool write_name(const uint8_t *wire, size_t wire_size, bool is_escaped,
                       struct dns_name *ret_name)
{
	size_t size = 0;

	for (size_t at = 0; at < wire_size;) {
		size_t end = at + 1u + wire[at];

		if (size > 0)
			ret_name->bytes[size++] = '.';
		for (at++; at < end; at++) {
			char folded = fold_byte(wire[at]);
			size_t written = 1;

			if (size >= NAME_BYTES_MAX)
				return false;
			if (folded != '\0')
				ret_name->bytes[size] = folded;
			else
				written = write_odd_byte(wire[at], is_escaped,
				                         ret_name->bytes + size,
				                         NAME_BYTES_MAX - size);
			if (written == 0)
				return false;
			size += written;
		}
	}
	ret_name->size = size;
	ret_name->hash = (uint32_t)hash_bytes(0, ret_name->bytes, size);
	return true;
}

// Moves *offset behind a name that could not be read. False when it has no end.
static bool pass_name(struct slice bytes, size_t *offset)
{
	size_t at = *offset;

	while (at < bytes.size && bytes.data[at] > 0 && bytes.data[at] <= LABEL_BYTES_MAX)
		at += 1u + bytes.data[at];
	if (at >= bytes.size || (bytes.data[at] > 0 && bytes.data[at] < POINTER_MARK))
		return false;
	at += bytes.data[at] == 0 ? 1 : 2;
	if (at > bytes.size)
		return false;
	*offset = at;
	return true;
}

bool dns_name_read(struct slice message, size_t *offset, size_t *work_left,
                   struct dns_name *ret_name)
{
	uint8_t wire[WIRE_BYTES_MAX];
	int size = expand_name(message, offset, work_left, wire);

	ret_name->is_malformed = size < 0;
	ret_name->size = 0;
	ret_name->hash = 0;
	if (size < 0)
		return pass_name(message, offset);
	return write_name(wire, (size_t)size, true, ret_name) ||
	       write_name(wire, (size_t)size, false, ret_name);
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	return a->hash == b->hash && a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}
