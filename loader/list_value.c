#include "loader/list_value.h"

#include <errno.h>

#include "base/utf8.h"

struct candidate list_value_candidate(struct slice text, uint64_t line)
{
	return (struct candidate){
		.kind = VALUE_ANY,
		.text = text,
		.is_defanged = true,
		.has_wildcards = true,
		.line = line,
	};
}

int list_value_add(struct feed *feed, const struct indicator *indicator,
                   const struct candidate *candidate)
{
	struct indicator record = *indicator;
	const struct intake_value *value;
	uint32_t indicator_id;
	int result = intake_check(feed, candidate, &value);

	if (result != 1)
		return result;
	record.value = slice_trim(candidate->text);
	record.line = candidate->line;
	result = build_add_indicator(feed->build, &record, &indicator_id);
	if (result < 0)
		return result;
	result = intake_take(feed, indicator_id, value);
	if (result == 1)
		feed->summary->indicators++;
	else
		build_withdraw_indicator(feed->build, indicator_id);
	return result;
}

static bool is_sound(struct feed *feed, struct slice line, bool is_cut)
{
	struct problem problem = {
		.object = slice_first(line, PROBLEM_TEXT_BYTES),
		.line = feed_input_line_number(feed->input),
	};

	if (is_cut)
		problem.reason = "line too long";
	else if (slice_find(line, '\0') < line.size)
		problem.reason = "NUL byte in a line";
	else if (!utf8_is_valid(line))
		problem.reason = "line is not valid UTF-8";
	if (problem.reason != NULL)
		report_add(&feed->summary->report, &problem);
	return problem.reason == NULL;
}

static int read_lines(struct feed *feed, list_value_line_fn *read_line)
{
	struct indicator indicator = reader_new_indicator(feed);
	struct slice line;
	bool is_cut;
	int result = feed_input_line(feed->input, &line, &is_cut);

	if (result == 1 && slice_starts_with(line, "\xef\xbb\xbf"))
		line = slice_from(line, 3);
	while (result == 1) {
		if (is_sound(feed, line, is_cut))
			result = read_line(feed, &indicator, line);
		if (result >= 0)
			result = feed_input_line(feed->input, &line, &is_cut);
	}
	return result;
}

int list_value_read_lines(struct feed *feed, list_value_line_fn *read_line)
{
	int error = read_lines(feed, read_line);

	intake_end_feed(feed);
	return error;
}
