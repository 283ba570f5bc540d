#include "app/metrics_parse.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

enum { NANO = 1000000000, NANO_DIGITS = 9, NUMBER_BYTES_MAX = 64 };

static bool is_name_byte(uint8_t byte)
{
	return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       (byte >= '0' && byte <= '9') || byte == '_' || byte == ':';
}

static struct slice take_name(struct slice *line)
{
	struct slice rest = *line;
	size_t size = 0;

	while (size < rest.size && is_name_byte(rest.data[size]))
		size++;
	*line = slice_from(rest, size);
	return slice_first(rest, size);
}

static bool take_byte(struct slice *line, uint8_t byte)
{
	if (line->size == 0 || line->data[0] != byte)
		return false;
	*line = slice_from(*line, 1);
	return true;
}

static void skip_blanks(struct slice *line)
{
	while (line->size > 0 && slice_is_blank(line->data[0]))
		*line = slice_from(*line, 1);
}

// Up to the quote that no backslash stands before.
static bool take_quoted(struct slice *line, struct slice *ret_value)
{
	size_t end = 0;

	if (!take_byte(line, '"'))
		return false;
	while (end < line->size && line->data[end] != '"')
		end += line->data[end] == '\\' ? 2 : 1;
	if (end >= line->size)
		return false;
	*ret_value = slice_first(*line, end);
	*line = slice_from(*line, end + 1);
	return true;
}

// What stands between braces; the first is taken already.
static bool take_labels(struct slice *line, struct metric_sample *sample)
{
	for (;;) {
		struct slice name;
		struct slice value;

		skip_blanks(line);
		if (take_byte(line, '}'))
			return true;
		name = take_name(line);
		skip_blanks(line);
		if (name.size == 0 || sample->label_count == METRIC_LABELS_MAX ||
		    !take_byte(line, '='))
			return false;
		skip_blanks(line);
		if (!take_quoted(line, &value))
			return false;
		sample->labels[sample->label_count].name = name;
		sample->labels[sample->label_count++].value = value;
		skip_blanks(line);
		(void)take_byte(line, ',');
	}
}

static bool parse_line(struct slice line, struct metric_sample *ret_sample)
{
	struct metric_sample sample = {0};

	line = slice_trim(line);
	sample.name = take_name(&line);
	if (sample.name.size == 0)
		return false;
	skip_blanks(&line);
	if (take_byte(&line, '{') && !take_labels(&line, &sample))
		return false;
	skip_blanks(&line);
	sample.number = slice_first(line, slice_find(line, ' ')); // a time may stand behind it
	if (sample.number.size == 0 || sample.number.size >= NUMBER_BYTES_MAX)
		return false;
	*ret_sample = sample;
	return true;
}

bool metrics_parse_next(struct slice *text, struct metric_sample *ret_sample)
{
	while (text->size > 0) {
		size_t end = slice_find(*text, '\n');
		struct slice line = slice_first(*text, end);

		*text = slice_from(*text, end + 1);
		if (parse_line(line, ret_sample))
			return true;
	}
	return false;
}

struct slice metrics_parse_label(const struct metric_sample *sample, const char *name)
{
	for (unsigned i = 0; i < sample->label_count; i++)
		if (slice_is(sample->labels[i].name, name))
			return sample->labels[i].value;
	return slice_of(NULL, 0);
}

// 1.5e+03 and the like, which others write.
static uint64_t parse_float(struct slice number, double unit)
{
	char text[NUMBER_BYTES_MAX];
	char *end;
	double value;

	memcpy(text, number.data, number.size);
	text[number.size] = '\0';
	value = strtod(text, &end) * unit;
	if (*end != '\0' || isnan(value) || value <= 0)
		return 0;
	return value >= 0x1p64 ? UINT64_MAX : (uint64_t)value;
}

// Digits, a point, at most `digits_max` digits: the number times 10^digits_max, exactly. False when
// it is written otherwise, or larger.
static bool parse_digits(struct slice number, unsigned digits_max, uint64_t *ret_value)
{
	uint64_t value = 0;
	unsigned fraction_digits = 0;
	bool has_point = false;

	for (size_t i = 0; i < number.size; i++) {
		uint8_t byte = number.data[i];

		if (byte == '.' && !has_point && digits_max > 0) {
			has_point = true;
			continue;
		}
		if (byte < '0' || byte > '9' || (has_point && fraction_digits == digits_max))
			return false;
		fraction_digits += has_point;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(byte - '0'), &value))
			return false;
	}
	for (; fraction_digits < digits_max; fraction_digits++)
		if (__builtin_mul_overflow(value, 10, &value))
			return false;
	*ret_value = value;
	return true;
}

uint64_t metrics_parse_count(const struct metric_sample *sample)
{
	uint64_t value;

	return parse_digits(sample->number, 0, &value) ? value : parse_float(sample->number, 1);
}

uint64_t metrics_parse_nano(const struct metric_sample *sample)
{
	uint64_t value;

	return parse_digits(sample->number, NANO_DIGITS, &value)
	               ? value
	               : parse_float(sample->number, NANO);
}
