#include "dataplane/dns_name.h"

#include <assert.h>
#include <string.h>

#include "base/cpu.h"
#include "dataplane/wire.h"

enum {
	WIRE_BYTES_MAX = 255 - 1, // RFC 1035, section 2.3.4, without the root label
	LABEL_BYTES_MAX = 63,
	LABELS_MAX = WIRE_BYTES_MAX / 2,
	POINTER_MARK = 0xc0,
	POINTERS_MAX = LABELS_MAX,
	STEP_BYTES = 16,
};

// Of each byte apart; what compares gives a byte of ones where it holds.
typedef uint8_t bytes16 __attribute__((vector_size(STEP_BYTES)));

static_assert(sizeof(((struct dns_name *)NULL)->bytes) % STEP_BYTES == 0, "folded by steps");

// A name's labels as they stand in the message, each behind a dot.
struct labels {
	size_t size; // of all, with their dots: as on the wire
	unsigned count;
	unsigned pointers; // that were followed to them
	uint8_t ends[LABELS_MAX];
	uint8_t bytes[WIRE_BYTES_MAX + 2 * STEP_BYTES]; // to fold whole steps
};

// Where the labels end that stand one behind the other from `at` on, `room` bytes of them at most:
// at what is no label, or not there whole.
static size_t run_end(struct slice bytes, size_t at, size_t room)
{
	const size_t limit = at + room < bytes.size ? at + room : bytes.size;

	while (at < bytes.size) {
		const size_t length = bytes.data[at];

		if (length - 1 >= LABEL_BYTES_MAX || limit - at <= length)
			break;
		at += 1 + length;
	}
	return at;
}

// Takes in whole labels, and makes dots of their sizes.
static void add_run(struct labels *labels, const uint8_t *from, size_t size)
{
	const size_t end = labels->size + size;
	size_t at = labels->size;

	memcpy(labels->bytes + at, from, size);
	while (at < end) {
		const size_t dot = at;

		at += 1u + labels->bytes[dot];
		labels->bytes[dot] = '.';
		labels->ends[labels->count++] = (uint8_t)at;
	}
	labels->size = end;
}

// Takes in the labels of the name at *offset, without the root label, and moves *offset behind the
// name. Pointers lead to ever lower offsets, so that there are no loops. False when the name is cut
// or malformed.
static bool take_labels(struct slice bytes, size_t *offset, struct labels *ret_labels)
{
	size_t start = *offset, end = 0;

	ret_labels->size = ret_labels->count = ret_labels->pointers = 0;
	for (;;) {
		size_t at = run_end(bytes, start, WIRE_BYTES_MAX - ret_labels->size);

		if (start < at)
			add_run(ret_labels, bytes.data + start, at - start);
		if (at >= bytes.size)
			return false;
		if (ret_labels->pointers == 0)
			end = at + 1;
		if (bytes.data[at] == 0)
			break;
		if (bytes.data[at] < POINTER_MARK || bytes.size - at < 2 ||
		    ++ret_labels->pointers > POINTERS_MAX)
			return false;
		if (ret_labels->pointers == 1)
			end = at + 2;
		at = wire_be16(bytes.data + at) & 0x3fff;
		if (at < DNS_HEADER_BYTES || at >= start)
			return false;
		start = at;
	}
	*offset = end;
	return true;
}

// Likewise; false also when the message's work is spent. A name that fails has cost as much as
// another.
static bool expand_name(struct slice bytes, size_t *offset, size_t *work_left,
                        struct labels *ret_labels)
{
	size_t end = *offset, work;
	bool is_taken;

	if (unlikely(*work_left == 0))
		return false;
	is_taken = take_labels(bytes, &end, ret_labels);
	work = ret_labels->size + ret_labels->pointers;
	if (unlikely(work > *work_left)) {
		*work_left = 0;
		return false;
	}
	*work_left -= work;
	if (is_taken)
		*offset = end;
	return is_taken;
}

// The usual name. False when there are odd bytes.
static bool fold_name(struct labels *labels, struct dns_name *ret_name)
{
	size_t size = labels->size - 1;
	bytes16 odd = {0};
	uint64_t odd_halves[2];
	unsigned dot_count = 0;

	memset(labels->bytes + labels->size, 'x', STEP_BYTES); // what the last step takes too much
	for (size_t at = 0; at < size; at += STEP_BYTES) {
		bytes16 text;

		memcpy(&text, labels->bytes + 1 + at, sizeof(text));
		odd |= (bytes16)(text <= ' ') | (bytes16)(text >= 0x7f) | (bytes16)(text == '\\');
		dot_count += (unsigned)__builtin_popcount(cpu_bytes_equal_to(text, '.'));
		text |= (bytes16)(text - 'A' < 26) & 0x20;
		memcpy(ret_name->bytes + at, &text, sizeof(text));
	}
	memcpy(odd_halves, &odd, sizeof(odd));
	ret_name->size = (uint16_t)size;
	return (odd_halves[0] | odd_halves[1]) == 0 && dot_count == labels->count - 1;
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

// False when it does not fit, which cannot be unless `is_escaped`.
static bool write_odd_name(const struct labels *labels, bool is_escaped, struct dns_name *ret_name)
{
	size_t size = 0;
	size_t at = 0;

	for (unsigned i = 0; i < labels->count; i++) {
		if (size > 0)
			ret_name->bytes[size++] = '.';
		for (at++; at < labels->ends[i]; at++) {
			char folded = fold_byte(labels->bytes[at]);
			size_t written = 1;

			if (size >= NAME_BYTES_MAX)
				return false;
			if (folded != '\0')
				ret_name->bytes[size] = folded;
			else
				written = write_odd_byte(labels->bytes[at], is_escaped,
				                         ret_name->bytes + size,
				                         NAME_BYTES_MAX - size);
			if (written == 0)
				return false;
			size += written;
		}
	}
	ret_name->size = (uint16_t)size;
	return true;
}

bool dns_name_pass(struct slice message, size_t *offset)
{
	size_t at = *offset;

	while (at < message.size && message.data[at] > 0 && message.data[at] <= LABEL_BYTES_MAX)
		at += 1u + message.data[at];
	if (at >= message.size || (message.data[at] > 0 && message.data[at] < POINTER_MARK))
		return false;
	at += message.data[at] == 0 ? 1 : 2;
	if (at > message.size)
		return false;
	*offset = at;
	return true;
}

bool dns_name_read(struct slice message, size_t *offset, size_t *work_left,
                   struct dns_name *ret_name)
{
	struct labels labels; // not cleared

	ret_name->size = 0;
	ret_name->is_malformed = !expand_name(message, offset, work_left, &labels);
	if (ret_name->is_malformed)
		return dns_name_pass(message, offset);
	if (labels.count == 0)
		return true;
	return fold_name(&labels, ret_name) || write_odd_name(&labels, true, ret_name) ||
	       write_odd_name(&labels, false, ret_name);
}

bool dns_name_equal(const struct dns_name *a, const struct dns_name *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}
