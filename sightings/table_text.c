#include "sightings/table_text.h"

#include <ctype.h>

#include "base/utf8.h"
#include "engine/normalize.h"

struct range {
	uint32_t first;
	uint32_t last;
};

// Characters that hide, reorder or break lines: C1 controls, the bidirectional and zero-width
// ones of Unicode 15, separators, byte order mark, interlinear marks, tags.
static const struct range unsafe_ranges[] = {
	{0x80, 0x9f},     {0xad, 0xad},     {0x61c, 0x61c},   {0x180e, 0x180e}, {0x200b, 0x200f},
	{0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff},
};

// East Asian wide and full-width (UAX #11), and emoji.
static const struct range wide_ranges[] = {
	{0x1100, 0x115f},   {0x2e80, 0x303e},   {0x3041, 0xa4cf},   {0xac00, 0xd7a3},
	{0xf900, 0xfaff},   {0xfe30, 0xfe6f},   {0xff00, 0xff60},   {0xffe0, 0xffe6},
	{0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff}, {0x20000, 0x3fffd},
};

static const struct range combining_ranges[] = {
	{0x300, 0x36f},   {0x483, 0x489},   {0x591, 0x5bd},   {0x610, 0x61a},   {0x64b, 0x65f},
	{0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
};

#define IS_IN(ranges, character) is_in(ranges, sizeof(ranges) / sizeof((ranges)[0]), character)

static bool is_in(const struct range ranges[], size_t count, uint32_t character)
{
	for (size_t i = 0; i < count; i++)
		if (character >= ranges[i].first && character <= ranges[i].last)
			return true;
	return false;
}

// The character that `text` begins with; it is well-formed and `size` bytes long.
static uint32_t decode(struct slice text, size_t size)
{
	static const uint8_t first_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t character = text.data[0] & first_bits[size];

	for (size_t i = 1; i < size; i++)
		character = character << 6 | (text.data[i] & 0x3f);
	return character;
}

// A value, or the part of a sentence that looks like one: a sentence's "v1.2" does not.
static bool wants_defanging(struct slice word)
{
	size_t dots = 0;
	size_t colons = 0;

	for (size_t i = 0; i < word.size && strchr("0123456789abcdefABCDEF.:/[]", word.data[i]);
	     i++) {
		dots += word.data[i] == '.';
		colons += word.data[i] == ':';
		if (i + 1 == word.size && (dots == 3 || colons >= 2))
			return true; // an address, network, or address and port
	}
	for (size_t i = 0; i + 1 < word.size; i++) {
		if (word.data[i] == '.' && isalpha(word.data[i + 1]))
			return true;
		if (slice_starts_with(slice_from(word, i), "://"))
			return true;
	}
	return false;
}

// A list's entry may be defanged already: it is undone first, so that no dot is bracketed twice.
static void append_defanged(struct buffer *to, struct slice word)
{
	// At most each byte becomes three, and the scheme no longer; then the plain spelling.
	size_t room = 3 * word.size + 16;

	if (!buffer_reserve(to, room + word.size))
		return;

	char *plain = (char *)to->data + to->size + room;
	struct slice value = slice_of(plain, normalize_refang(word, plain));
	if (!wants_defanging(value)) {
		buffer_append_slice(to, word);
		return;
	}
	normalize_defang(value, (char *)to->data + to->size, room);
	to->size += strlen((const char *)to->data + to->size);
}

void table_text_append_plain(struct buffer *to, struct slice text)
{
	while (text.size > 0) {
		size_t size = utf8_sequence_size(text);
		bool is_safe = size > 0 && text.data[0] >= ' ' && text.data[0] != 0x7f &&
		               (size == 1 || !IS_IN(unsafe_ranges, decode(text, size)));

		if (is_safe)
			buffer_append(to, text.data, size);
		else
			buffer_append_byte(to, '?');
		text = slice_from(text, size > 0 ? size : 1);
	}
}

void table_text_append(struct buffer *to, struct slice text)
{
	struct buffer defanged = {0};

	while (text.size > 0) {
		size_t size = slice_find(text, ' ');

		append_defanged(&defanged, slice_first(text, size));
		if (size < text.size)
			buffer_append_byte(&defanged, ' ');
		text = slice_from(text, size + 1);
	}
	table_text_append_plain(to, buffer_slice(&defanged));
	to->failed |= defanged.failed;
	buffer_close(&defanged);
}

static size_t character_width(struct slice text, size_t size)
{
	uint32_t character = decode(text, size);

	if (size == 1)
		return 1;
	return IS_IN(combining_ranges, character) ? 0 : IS_IN(wide_ranges, character) ? 2 : 1;
}

size_t table_text_width(struct slice text)
{
	size_t width = 0;

	while (text.size > 0) {
		size_t size = utf8_sequence_size(text);

		width += character_width(text, size);
		text = slice_from(text, size);
	}
	return width;
}

// Bytes of the longest beginning of `text` that takes no more than `width` columns.
static size_t beginning_size(struct slice text, size_t width, size_t *ret_width)
{
	size_t used = 0;
	size_t taken = 0;

	while (used < text.size) {
		struct slice rest = slice_from(text, used);
		size_t size = utf8_sequence_size(rest);
		size_t more = character_width(rest, size);

		if (taken + more > width)
			break;
		taken += more;
		used += size;
	}
	*ret_width = taken;
	return used;
}

static void pad(struct buffer *to, size_t width)
{
	while (width-- > 0)
		buffer_append_byte(to, ' ');
}

void table_text_fit(struct buffer *to, struct slice text, size_t width)
{
	enum { CUT_COLUMNS = 2 };
	size_t whole = table_text_width(text);
	size_t taken;

	if (whole <= width || width <= CUT_COLUMNS) {
		buffer_append_slice(to, slice_first(text, beginning_size(text, width, &taken)));
		pad(to, width - taken);
		return;
	}

	bool is_url = slice_starts_with(text, "hxxp");
	size_t tail = (width - CUT_COLUMNS) / (is_url ? 4 : 2);
	size_t head = width - CUT_COLUMNS - tail;
	size_t skipped;

	buffer_append_slice(to, slice_first(text, beginning_size(text, head, &taken)));
	buffer_append_text(to, "..");
	struct slice end = slice_from(text, beginning_size(text, whole - tail, &skipped));
	// A wide character on the edge: one column less was skipped than wanted.
	while (end.size > 0 && whole - skipped > tail) {
		size_t size = utf8_sequence_size(end);

		skipped += character_width(end, size);
		end = slice_from(end, size);
	}
	buffer_append_slice(to, end);
	pad(to, width - CUT_COLUMNS - taken - (whole - skipped));
}
