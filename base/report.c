#include "base/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

static const char other_reasons[] = "other";

void report_printable(struct slice text, char ret_text[PROBLEM_TEXT_BYTES])
{
	static const char cut[] = "...";
	size_t room = PROBLEM_TEXT_BYTES - sizeof(cut);
	size_t used = 0;

	while (text.size > 0) {
		size_t size = utf8_sequence_size(text);
		bool is_shown = size > 0 &&
		                (size > 1 || (text.data[0] >= ' ' && text.data[0] != 0x7f));

		if (used + (is_shown ? size : 1) > room) {
			memcpy(ret_text + used, cut, sizeof(cut));
			return;
		}
		if (is_shown)
			memcpy(ret_text + used, text.data, size);
		else
			ret_text[used] = '?';
		used += is_shown ? size : 1;
		text = slice_from(text, size > 0 ? size : 1);
	}
	ret_text[used] = '\0';
}

static struct report_reason *find_reason(struct report *report, const struct problem *problem)
{
	for (unsigned i = 0; i < report->reason_count; i++)
		if (strcmp(report->reasons[i].reason, problem->reason) == 0)
			return &report->reasons[i];

	if (report->reasons == NULL)
		report->reasons = calloc(REPORT_REASONS_MAX, sizeof(*report->reasons));
	if (report->reasons == NULL)
		return NULL;
	if (report->reason_count == REPORT_REASONS_MAX)
		return &report->reasons[REPORT_REASONS_MAX - 1];

	struct report_reason *reason = &report->reasons[report->reason_count++];
	bool is_last = report->reason_count == REPORT_REASONS_MAX;
	reason->reason = is_last ? other_reasons : problem->reason;
	reason->consequence = problem->consequence != NULL ? problem->consequence : "skipped";
	return reason;
}

static void keep_example(struct report_reason *reason, const struct problem *problem)
{
	if (reason->example_count == REPORT_EXAMPLES_MAX)
		return;

	struct problem_text *kept = &reason->examples[reason->example_count++];
	report_printable(problem->object, kept->object);
	report_printable(problem->detail, kept->detail);
	kept->line = problem->line;
	kept->offset = problem->offset;
	kept->has_offset = problem->has_offset;
}

void report_add(struct report *report, const struct problem *problem)
{
	if (report == NULL)
		return;

	struct report_reason *reason = find_reason(report, problem);
	report->count++;
	if (reason != NULL) {
		reason->count++;
		keep_example(reason, problem);
	}
	if (report->each != NULL)
		report->each(report->each_context, report, problem);
}

void report_note(struct report *report, const char *reason, struct slice object, const char *detail,
                 ...)
{
	char text[PROBLEM_TEXT_BYTES * 2];
	va_list arguments;

	va_start(arguments, detail);
	(void)vsnprintf(text, sizeof(text), detail, arguments);
	va_end(arguments);
	report_add(report, &(struct problem){
				   .reason = reason,
				   .object = object,
				   .detail = slice_text(text),
			   });
}

static void keep_example_of(struct report_reason *reason, const struct problem_text *example,
                            struct slice name)
{
	char detail[2 * PROBLEM_TEXT_BYTES];

	(void)snprintf(detail, sizeof(detail), "%.*s%s%s",
	               SLICE_FORMAT(slice_first(name, PROBLEM_TEXT_BYTES)),
	               example->detail[0] != '\0' ? ": " : "", example->detail);
	keep_example(reason, &(struct problem){
				     .object = slice_text(example->object),
				     .detail = slice_text(detail),
				     .line = example->line,
				     .offset = example->offset,
				     .has_offset = example->has_offset,
			     });
}

void report_merge(struct report *report, const struct report *part, struct slice name)
{
	report->count += part->count;
	for (unsigned i = 0; i < part->reason_count; i++) {
		const struct report_reason *from = &part->reasons[i];
		struct report_reason *reason =
			find_reason(report, &(struct problem){.reason = from->reason,
		                                              .consequence = from->consequence});

		if (reason == NULL)
			return;
		reason->count += from->count;
		for (unsigned k = 0; k < from->example_count; k++)
			keep_example_of(reason, &from->examples[k], name);
	}
}

void report_clear(struct report *report)
{
	free(report->reasons);
	report->reasons = NULL;
	report->reason_count = 0;
	report->count = 0;
}
