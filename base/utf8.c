#include "base/utf8.h"

static bool is_continuation(uint8_t byte)
{
	return (byte & 0xc0) == 0x80;
}

// The second byte has a narrower range after some first bytes (RFC 3629, section 4).
static bool is_second(uint8_t first, uint8_t second)
{
	switch (first) {
	case 0xe0:
		return second >= 0xa0 && second <= 0xbf;
	case 0xed:
		return second >= 0x80 && second <= 0x9f;
	case 0xf0:
		return second >= 0x90 && second <= 0xbf;
	case 0xf4:
		return second >= 0x80 && second <= 0x8f;
	default:
		return is_continuation(second);
	}
}

size_t utf8_sequence_size(struct slice text)
{
	if (text.size == 0)
		return 0;

	uint8_t first = text.data[0];
	size_t size = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

	if (first > 0xf4 || size == 0 || text.size < size)
		return 0;
	if (size > 1 && !is_second(first, text.data[1]))
		return 0;
	for (size_t i = 2; i < size; i++)
		if (!is_continuation(text.data[i]))
			return 0;
	return size;
}

// How many bytes of ASCII, in words of eight, the text begins with.
static size_t ascii_words_size(struct slice text)
{
	size_t size = 0;

	for (; size + sizeof(uint64_t) <= text.size; size += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, text.data + size, sizeof(word));
		if ((word & UINT64_C(0x8080808080808080)) != 0)
			break;
	}
	return size;
}

bool utf8_is_valid(struct slice text)
{
	text = slice_from(text, ascii_words_size(text));
	while (text.size > 0) {
		size_t size = utf8_sequence_size(text);

		if (size == 0)
			return false;
		text = slice_from(text, size);
	}
	return true;
}
