#include "loader/csv_field.h"

#include <stdio.h>
#include <strings.h>

#include "base/timestamp.h"
#include "engine/normalize.h"

#define SECONDS_MAX ((uint64_t)(INT64_MAX / NS_PER_S))

enum { FIELD_BYTES_MAX = 4096, DATE_BYTES = sizeof("2024-09-01") - 1 };

enum value_shape csv_field_shape(struct slice field)
{
	char refanged[FIELD_BYTES_MAX];

	if (field.size == 0 || field.size > sizeof(refanged))
		return SHAPE_UNMATCHED;
	return value_guess(slice_of(refanged, normalize_refang(field, refanged))).shape;
}

static bool parse_number(struct slice digits, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (digits.size == 0 || digits.size > 10)
		return false;
	for (size_t i = 0; i < digits.size; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return false;
		number = number * 10 + (uint64_t)(digits.data[i] - '0');
	}
	*ret_number = number;
	return true;
}

bool csv_field_number(struct slice digits, unsigned max, unsigned *ret_number)
{
	uint64_t number;

	if (!parse_number(digits, &number) || number > max)
		return false;
	*ret_number = (unsigned)number;
	return true;
}

bool csv_field_time(struct slice field, int64_t *ret_time_ns)
{
	char text[TIMESTAMP_TEXT_BYTES];
	uint64_t seconds;

	if (field.size >= 9 && parse_number(field, &seconds) && seconds <= SECONDS_MAX) {
		*ret_time_ns = (int64_t)seconds * NS_PER_S;
		return true;
	}
	if (timestamp_parse(field, ret_time_ns) == 0)
		return true;
	if (slice_ends_with(field, "UTC"))
		field = slice_trim(slice_first(field, field.size - 3));
	if (slice_ends_with(field, "Z"))
		field.size--;
	if (field.size < DATE_BYTES || field.size > sizeof(text) - sizeof("T00:00:00Z"))
		return false;

	struct slice date = slice_first(field, DATE_BYTES);
	struct slice time = slice_from(field, DATE_BYTES + 1);
	int size = snprintf(text, sizeof(text), "%.*sT%.*sZ", SLICE_FORMAT(date),
	                    SLICE_FORMAT(time.size > 0 ? time : slice_text("00:00:00")));
	return timestamp_parse(slice_of(text, (size_t)size), ret_time_ns) == 0;
}

static bool is_word(struct slice field, const char *word)
{
	return field.size == strlen(word) &&
	       strncasecmp((const char *)field.data, word, field.size) == 0;
}

bool csv_field_confidence(struct slice field, uint8_t *ret_confidence)
{
	uint64_t number;

	if (is_word(field, "low"))
		number = 15;
	else if (is_word(field, "medium"))
		number = 50;
	else if (is_word(field, "high"))
		number = 85;
	else if (!parse_number(field, &number) || number > 100)
		return false;
	*ret_confidence = (uint8_t)number;
	return true;
}

bool csv_field_tlp(struct slice field, enum tlp *ret_tlp)
{
	if (field.size > 4 && strncasecmp((const char *)field.data, "tlp:", 4) == 0)
		field = slice_trim(slice_from(field, 4));
	if (is_word(field, "white")) { // TLP 1
		*ret_tlp = TLP_CLEAR;
		return true;
	}
	for (unsigned i = TLP_CLEAR; i < TLP_COUNT; i++) {
		if (!is_word(field, tlp_name(i)))
			continue;
		*ret_tlp = i;
		return true;
	}
	return false;
}
