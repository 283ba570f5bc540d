#include "app/problems.h"

#include <inttypes.h>

#include "base/json_text.h"
#include "base/log.h"

enum { PLACE_TEXT_BYTES = 64 };

static const char *consequence_of(const char *consequence)
{
	return consequence != NULL ? consequence : "skipped";
}

// Was something lost? Parsers begin the consequence with one of these words when nothing was.
static bool is_note(const char *consequence)
{
	static const char *const words[] = {"kept", "noted", "read"};
	struct slice text = slice_text(consequence_of(consequence));

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (slice_starts_with(text, words[i]))
			return true;
	return false;
}

uint64_t problems_skipped(const struct report *report)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < report->reason_count; i++)
		if (!is_note(report->reasons[i].consequence))
			count += report->reasons[i].count;
	return count;
}

struct place {
	char text[PLACE_TEXT_BYTES];
};

// " (line 12)", " (offset 80)", " (packet 2, offset 1234)", or nothing.
static struct place format_place(const struct report *report, uint64_t line, bool has_offset,
                                 uint64_t offset)
{
	const char *unit = report->unit != NULL ? report->unit : "line";
	struct place place = {.text = ""};

	if (line != 0 && has_offset)
		(void)snprintf(place.text, sizeof(place.text),
		               " (%s %" PRIu64 ", offset %" PRIu64 ")", unit, line, offset);
	else if (line != 0)
		(void)snprintf(place.text, sizeof(place.text), " (%s %" PRIu64 ")", unit, line);
	else if (has_offset)
		(void)snprintf(place.text, sizeof(place.text), " (offset %" PRIu64 ")", offset);
	return place;
}

static struct place place_of(const struct report *report, const struct problem_text *example)
{
	return format_place(report, example->line, example->has_offset, example->offset);
}

static const char *separator(const char *text)
{
	return text[0] != '\0' ? ": " : "";
}

void problems_print(FILE *file, const struct report *report)
{
	for (unsigned i = 0; i < report->reason_count; i++) {
		const struct report_reason *reason = &report->reasons[i];

		(void)fprintf(file, "  %" PRIu64 " × %s: %s\n", reason->count, reason->reason,
		              consequence_of(reason->consequence));
		for (unsigned j = 0; j < reason->example_count; j++) {
			const struct problem_text *example = &reason->examples[j];

			(void)fprintf(file, "      %s%s%s%s\n", example->object,
			              place_of(report, example).text,
			              example->object[0] != '\0' ? separator(example->detail) : "",
			              example->detail);
		}
		if (reason->count > reason->example_count)
			(void)fprintf(file, "      …\n");
	}
}

void problems_print_each(void *context, const struct report *report, const struct problem *problem)
{
	char object[PROBLEM_TEXT_BYTES];
	char detail[PROBLEM_TEXT_BYTES];

	report_printable(problem->object, object);
	report_printable(problem->detail, detail);
	(void)fprintf(
		context, "%s: %s: %s: %s%s%s%s\n",
		report->input != NULL ? report->input : "all feeds",
		consequence_of(problem->consequence), problem->reason, object,
		format_place(report, problem->line, problem->has_offset, problem->offset).text,
		separator(detail), detail);
}

static void log_problems(enum log_level level, const char *input, const struct report *report)
{
	char times[PLACE_TEXT_BYTES];

	for (unsigned i = 0; i < report->reason_count; i++) {
		const struct report_reason *reason = &report->reasons[i];
		const struct problem_text *first = &reason->examples[0];

		if (reason->example_count == 0)
			continue;
		times[0] = '\0';
		if (reason->count > 1)
			(void)snprintf(times, sizeof(times), " (%" PRIu64 " times)", reason->count);
		log_write(level, "%s: %s%s%s%s%s%s%s", input, reason->reason,
		          separator(first->object), first->object, place_of(report, first).text,
		          separator(first->detail), first->detail, times);
	}
}

void problems_warn(const char *input, const struct report *report)
{
	log_problems(LOG_WARNING, input, report);
}

void problems_error(const char *input, const struct report *report)
{
	log_problems(LOG_ERROR, input, report);
}

static void append_text(struct buffer *json, const char *key, const char *value)
{
	buffer_format(json, ",\"%s\":", key);
	json_text_append(json, slice_text(value));
}

void problems_append_json(struct buffer *json, const struct report *report)
{
	buffer_append_text(json, ",\"problems\":[");
	for (unsigned i = 0; i < report->reason_count; i++) {
		const struct report_reason *reason = &report->reasons[i];

		buffer_format(json, "%s{\"count\":%" PRIu64, i > 0 ? "," : "", reason->count);
		append_text(json, "reason", reason->reason);
		append_text(json, "consequence", consequence_of(reason->consequence));
		buffer_append_text(json, ",\"examples\":[");
		for (unsigned j = 0; j < reason->example_count; j++) {
			const struct problem_text *example = &reason->examples[j];

			buffer_format(json, "%s{\"line\":%" PRIu64, j > 0 ? "," : "",
			              example->line);
			if (example->has_offset)
				buffer_format(json, ",\"offset\":%" PRIu64, example->offset);
			append_text(json, "object", example->object);
			append_text(json, "detail", example->detail);
			buffer_append_text(json, "}");
		}
		buffer_append_text(json, "]}");
	}
	buffer_append_text(json, "]");
}
