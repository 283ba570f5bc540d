#include "loader/text_line.h"

#include "engine/normalize.h"
#include "loader/value.h"

enum { LOOKED_AT_BYTES_MAX = 2048 };

static bool is_space(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

struct slice text_line_word(struct slice *line)
{
	size_t end = 0;

	while (line->size > 0 && is_space(line->data[0]))
		*line = slice_from(*line, 1);
	while (end < line->size && !is_space(line->data[end]))
		end++;
	struct slice word = slice_first(*line, end);
	*line = slice_from(*line, end);
	return word;
}

static bool is_comment(struct slice line)
{
	return line.size == 0 || line.data[0] == '#' || line.data[0] == ';' ||
	       line.data[0] == '!' || slice_starts_with(line, "//") ||
	       (line.data[0] == '[' && slice_ends_with(line, "]") &&
	        slice_find(line, ' ') < line.size); // "[Adblock Plus 2.0]"
}

// "address=/name/0.0.0.0", "server=/name/", "local=/name/" (dnsmasq).
static struct slice dnsmasq_name(struct slice line)
{
	static const char *const keys[] = {"address=/", "server=/", "local=/"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (!slice_starts_with(line, keys[i]))
			continue;
		line = slice_from(line, strlen(keys[i]));
		return slice_first(line, slice_find(line, '/'));
	}
	return line;
}

// "||name^" and "||name^$options": the name and all below it; likewise without the '^', which may
// be a URL, too. Other rules of such lists are given as they are, and refused as values.
static struct slice blocker_name(struct slice line)
{
	if (!slice_starts_with(line, "||"))
		return line;

	struct slice name = slice_from(line, 2);
	size_t end = slice_find(name, '^');
	struct slice behind = slice_from(name, end + 1);
	bool is_whole = behind.size == 0 || behind.data[0] == '$';
	return is_whole ? slice_first(name, end) : line;
}

// "192.0.2.1 - 192.0.2.9": `rest` is what follows `value`.
static struct slice whole_range(struct slice value, struct slice rest)
{
	struct slice hyphen = text_line_word(&rest);
	struct slice last = text_line_word(&rest);

	if (!slice_is(hyphen, "-") || last.size == 0)
		return value;
	return slice_of(value.data, (size_t)(last.data + last.size - value.data));
}

static struct slice unquoted(struct slice value)
{
	if (value.size >= 2 && (value.data[0] == '"' || value.data[0] == '\'') &&
	    value.data[value.size - 1] == value.data[0])
		return slice_first(slice_from(value, 1), value.size - 2);
	return value;
}

// "*.name/", as lists of URLs for firewalls say "all hosts below": the name.
static struct slice without_root_path(struct slice value)
{
	bool is_root = slice_starts_with(value, "*.") && slice_find(value, '/') + 1 == value.size;

	return is_root ? slice_first(value, value.size - 1) : value;
}

struct slice text_line_value(struct slice line)
{
	line = slice_trim(line);
	if (is_comment(line))
		return slice_of(NULL, 0);

	struct slice rest = blocker_name(dnsmasq_name(line));
	struct slice value = text_line_word(&rest);

	// A value in the first of several columns. Commas and semicolons may also stand in a URL:
	// there they part columns only when they end the word.
	size_t end = slice_find(value, ';') < slice_find(value, ',') ? slice_find(value, ';')
	                                                             : slice_find(value, ',');
	if (end < value.size &&
	    (memmem(value.data, value.size, "://", 3) == NULL || end + 1 == value.size))
		value = slice_first(value, end);
	else
		value = whole_range(value, rest);
	return without_root_path(unquoted(value));
}

bool text_line_looks_like_value(struct slice value)
{
	char refanged[LOOKED_AT_BYTES_MAX];
	char name[NAME_BYTES_MAX + 1];
	struct prefix prefix;
	bool had_host_bits;

	if (value.size > sizeof(refanged))
		return false;
	value = slice_of(refanged, normalize_refang(value, refanged));
	struct value_guess guess = value_guess(value);

	switch (guess.shape) {
	case SHAPE_ADDRESS:
		return normalize_prefix(guess.text, &prefix, &had_host_bits) == 0;
	case SHAPE_NAME:
		if (slice_starts_with(value, "*."))
			value = slice_from(value, 2);
		else if (slice_starts_with(value, "."))
			value = slice_from(value, 1);
		return slice_find(value, '.') < value.size && normalize_name(value, name) > 0;
	case SHAPE_URL:
		return slice_find(value, '.') < value.size;
	case SHAPE_HASH:
	case SHAPE_RANGE:
	case SHAPE_UNMATCHED:
		return true;
	}
	return false;
}
