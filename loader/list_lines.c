#include "loader/list_lines.h"

#include "base/utf8.h"

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

int list_lines_read(struct feed *feed, list_line_fn *read_line, void *context)
{
	struct slice line;
	bool is_cut;
	int result = feed_input_line(feed->input, &line, &is_cut);

	if (result == 1 && slice_starts_with(line, "\xef\xbb\xbf"))
		line = slice_from(line, 3);
	while (result == 1) {
		if (is_sound(feed, line, is_cut))
			result = read_line(feed, line, context);
		if (result >= 0)
			result = feed_input_line(feed->input, &line, &is_cut);
	}
	return result;
}
