#include "loader/intake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "loader/intake_value.h"
#include "loader/reader.h"
#include "loader/sink.h"

int intake_create(const struct public_suffixes *suffixes, struct intake **ret_intake)
{
	AUTO(intake) intake = calloc(1, sizeof(*intake));

	if (intake == NULL)
		return -ENOMEM;
	intake->suffixes = suffixes;
	*ret_intake = TAKE(intake);
	return 0;
}

void intake_free(struct intake *intake)
{
	if (intake == NULL)
		return;
	value_set_close(&intake->had);
	buffer_close(&intake->refanged);
	buffer_close(&intake->pattern);
	free(intake);
}

static void tell_refused(struct report *report, const struct intake_value *value, const char *why)
{
	bool has_id = value->object.size > 0;
	char text[PROBLEM_TEXT_BYTES];
	struct problem problem = {
		.reason = "pattern cannot be compiled",
		.object = has_id ? value->object : value->spelled,
		.detail = slice_text(why),
		.line = value->line,
	};

	if (has_id) {
		int size = snprintf(text, sizeof(text), "%s: %.*s", why,
		                    SLICE_FORMAT(slice_first(value->spelled, sizeof(text))));
		size_t room = sizeof(text) - 1;

		problem.detail = slice_of(text, (size_t)size < room ? (size_t)size : room);
	}
	report_add(report, &problem);
}

int intake_take(struct feed *feed, uint32_t indicator_id, const struct intake_value *value)
{
	struct feed_summary *summary = feed->summary;
	const char *why = "";
	int result = feed->sink->ops->add_value(feed->sink, indicator_id, value, &why);

	if (result == 0)
		tell_refused(&summary->report, value, why);
	if (result == 1 && value->is_pattern)
		summary->patterns++;
	else if (result == 1)
		summary->values[value->type]++;
	return result;
}

// Everything that makes two values differ: terms, then the value itself.
static int add_to_set(struct value_set *had, const struct intake_value *value)
{
	uint8_t key[sizeof(struct entry_terms) + 2 + INTAKE_TEXT_BYTES_MAX];
	struct slice text = value->text;
	size_t size = 0;

	if (value->type == OBSERVABLE_ADDRESS)
		text = value->is_range ? slice_of(&value->range, sizeof(value->range))
		                       : slice_of(&value->prefix, sizeof(value->prefix));
	if (text.size > INTAKE_TEXT_BYTES_MAX)
		return 1;
	key[size++] = (uint8_t)(value->type << 1 | value->is_pattern);
	key[size++] = value->terms.kinds;
	key[size++] = value->terms.schemes;
	key[size++] = value->terms.protocol;
	key[size++] = (uint8_t)value->terms.port;
	key[size++] = (uint8_t)(value->terms.port >> 8);
	memcpy(key + size, text.data, text.size);
	return value_set_add(had, slice_of(key, size + text.size));
}

int intake_prepare(struct feed *feed, const struct candidate *candidate,
                   const struct intake_value **ret_value)
{
	int result = intake_value_prepare(feed, candidate);

	if (result == 1)
		*ret_value = &feed->intake->value;
	return result;
}

int intake_is_new(struct feed *feed, struct value_set *had, const struct intake_value *value)
{
	int result = add_to_set(had, value);

	feed->summary->duplicates += result == 0;
	return result;
}

int intake_check(struct feed *feed, const struct candidate *candidate,
                 const struct intake_value **ret_value)
{
	int result = intake_prepare(feed, candidate, ret_value);

	return result == 1 ? intake_is_new(feed, &feed->intake->had, *ret_value) : result;
}

int intake_add(struct feed *feed, uint32_t indicator_id, const struct candidate *candidate)
{
	int result = intake_value_prepare(feed, candidate);

	return result == 1 ? intake_take(feed, indicator_id, &feed->intake->value) : result;
}

void intake_end_feed(struct feed *feed)
{
	value_set_close(&feed->intake->had);
}
