#include "engine/normalize.h"

#include <errno.h>
#include <idn2.h>
#include <string.h>

#include "base/cpu.h"
#include "base/utf8.h"
#include "base/word.h"

enum { LABEL_BYTES_MAX = 63 }; // RFC 1035, section 2.3.4

// A byte that no name has: control bytes, space, DEL.
static bool word_has_control(uint64_t word)
{
	uint64_t at_most_space = ~word_flag_above(word, ' ') & ~word & WORD_FLAGS;

	return (at_most_space | word_flag_equal(word, 0x7f)) != 0;
}

// The last 1-7 bytes from `offset` on, with letters behind them.
static uint64_t load_tail(struct slice text, size_t offset)
{
	size_t size = text.size - offset;
	uint64_t padding = WORD_EACH_BYTE('x') << size * 8;
	uint64_t word = 0;

	if (text.size >= WORD_BYTES)
		word = word_load(text.data + text.size - WORD_BYTES) >> (WORD_BYTES - size) * 8;
	else
		memcpy(&word, text.data + offset, size);
	return word | padding;
}

// Where the current label begins, while words go by.
struct label_scan {
	size_t label_start;
	uint64_t previous_dot; // 0x80 when the byte before the word is a dot
};

// False for an empty or too long label.
static bool scan_labels(struct label_scan *scan, uint64_t word, size_t offset)
{
	uint64_t dots = word_flag_equal(word, '.');

	if ((dots & (dots << 8 | scan->previous_dot)) != 0)
		return false;
	scan->previous_dot = dots >> 56;
	if (dots == 0)
		return true;

	size_t first = offset + (size_t)__builtin_ctzll(dots) / 8;
	size_t last = offset + 7 - (size_t)__builtin_clzll(dots) / 8;
	bool is_short = first - scan->label_start <= LABEL_BYTES_MAX;
	scan->label_start = last + 1;
	return is_short;
}

static bool check_word(struct label_scan *scan, uint64_t word, size_t offset)
{
	return likely(!word_has_control(word) && scan_labels(scan, word, offset));
}

int normalize_wire_name(struct slice text, char ret_name[NAME_BYTES_MAX + 1])
{
	struct label_scan scan = {.previous_dot = 0x80};
	size_t offset = 0;

	if (text.size > 0 && text.data[text.size - 1] == '.')
		text.size--;
	if (text.size == 0 || text.size > NAME_BYTES_MAX || text.data[text.size - 1] == '.')
		return -EINVAL;

	for (; offset + WORD_BYTES <= text.size; offset += WORD_BYTES) {
		uint64_t word = word_load(text.data + offset);
		uint64_t folded = word_fold(word);

		if (!check_word(&scan, word, offset))
			return -EINVAL;
		memcpy(ret_name + offset, &folded, sizeof(folded));
	}
	if (offset < text.size) {
		uint64_t word = load_tail(text, offset);
		uint64_t folded = word_fold(word);

		if (!check_word(&scan, word, offset))
			return -EINVAL;
		memcpy(ret_name + offset, &folded, text.size - offset);
	}
	if (text.size - scan.label_start > LABEL_BYTES_MAX)
		return -EINVAL;
	ret_name[text.size] = '\0';
	return (int)text.size;
}

static const bool is_name_byte[256] = {
	['a' ... 'z'] = true, ['0' ... '9'] = true, ['-'] = true, ['_'] = true, ['.'] = true,
};

// No top-level domain is a number, and none will be (RFC 3696, section 2): "10.0.0.256" and
// "192.0.2.01" are addresses gone wrong.
static bool ends_in_number(struct slice name)
{
	size_t offset = name.size;

	while (offset > 0 && name.data[offset - 1] >= '0' && name.data[offset - 1] <= '9')
		offset--;
	return offset < name.size && (offset == 0 || name.data[offset - 1] == '.');
}

static int normalize_ascii_name(struct slice text, char ret_name[NAME_BYTES_MAX + 1])
{
	int size = normalize_wire_name(text, ret_name);

	for (int i = 0; i < size; i++)
		if (!is_name_byte[(uint8_t)ret_name[i]])
			return -EINVAL;
	if (size > 0 && ends_in_number(slice_of(ret_name, (size_t)size)))
		return -EINVAL;
	return size;
}

// Bytes of the label separator that `text` begins with, 0 when it is none: '.', and the three
// others that UTS 46 (section 2.3) maps to it: U+3002, U+FF0E, U+FF61.
static size_t separator_size(struct slice text)
{
	if (text.size > 0 && text.data[0] == '.')
		return 1;
	return slice_starts_with(text, "\u3002") || slice_starts_with(text, "\uff0e") ||
	                       slice_starts_with(text, "\uff61")
	               ? 3
	               : 0;
}

struct name_writer {
	char name[NAME_BYTES_MAX + 2]; // the root dot may still be there
	size_t size;
};

static int write_bytes(struct name_writer *writer, const void *bytes, size_t size)
{
	if (size > sizeof(writer->name) - writer->size)
		return -EINVAL;
	memcpy(writer->name + writer->size, bytes, size);
	writer->size += size;
	return 0;
}

static int write_unicode_label(struct name_writer *writer, struct slice label)
{
	uint8_t text[4 * NAME_BYTES_MAX + 1];
	uint8_t *ascii = NULL;

	if (label.size >= sizeof(text) || memchr(label.data, '\0', label.size) != NULL)
		return -EINVAL;
	memcpy(text, label.data, label.size);
	text[label.size] = '\0';

	int result = idn2_lookup_u8(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	if (result != IDN2_OK)
		return result == IDN2_MALLOC ? -ENOMEM : -EINVAL;
	int error = write_bytes(writer, ascii, strlen((const char *)ascii));
	idn2_free(ascii);
	return error;
}

static bool is_ascii(struct slice text)
{
	uint8_t all = 0;

	for (size_t i = 0; i < text.size; i++)
		all |= text.data[i];
	return all < 0x80;
}

// Label by label, so that libidn2 never judges an ASCII label: it would refuse "r3---sn-x".
static int write_labels(struct name_writer *writer, struct slice text)
{
	while (text.size > 0) {
		size_t size = 0;

		while (size < text.size && separator_size(slice_from(text, size)) == 0)
			size++;

		struct slice label = slice_first(text, size);
		int error = is_ascii(label) ? write_bytes(writer, label.data, label.size)
		                            : write_unicode_label(writer, label);
		text = slice_from(text, size);
		if (error == 0 && text.size > 0)
			error = write_bytes(writer, ".", 1);
		if (error < 0)
			return error;
		text = slice_from(text, separator_size(text));
	}
	return 0;
}

static int normalize_unicode_name(struct slice text, char ret_name[NAME_BYTES_MAX + 1])
{
	struct name_writer writer = {.size = 0};

	// UTF-8 of at most four bytes a character; A-labels are never shorter in characters.
	if (text.size > 4 * NAME_BYTES_MAX || !utf8_is_valid(text))
		return -EINVAL;
	int error = write_labels(&writer, text);
	if (error < 0)
		return error;
	return normalize_ascii_name(slice_of(writer.name, writer.size), ret_name);
}

int normalize_name(struct slice text, char ret_name[NAME_BYTES_MAX + 1])
{
	char name[NAME_BYTES_MAX + 1];
	int size = is_ascii(text) ? normalize_ascii_name(text, name)
	                          : normalize_unicode_name(text, name);

	if (size > 0)
		memcpy(ret_name, name, (size_t)size + 1);
	return size;
}
