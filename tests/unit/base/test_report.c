#include "tests/unit/unit_test.h"

#include <stdio.h>

#include "base/report.h"

static void problems_are_counted_by_reason_and_the_first_kept(void **state)
{
	struct report report = {.input = "feed.json"};
	(void)state;

	for (unsigned i = 0; i < 10; i++)
		report_note(&report, "invalid pattern", slice_text("indicator--1"), "column %u", i);
	report_note(&report, "no id", slice_text(""), "%s", "");

	assert_int_equal(report.count, 11);
	assert_int_equal(report.reason_count, 2);
	assert_string_equal(report.reasons[0].reason, "invalid pattern");
	assert_string_equal(report.reasons[0].consequence, "skipped");
	assert_int_equal(report.reasons[0].count, 10);
	assert_int_equal(report.reasons[0].example_count, REPORT_EXAMPLES_MAX);
	assert_string_equal(report.reasons[0].examples[2].detail, "column 2");
	assert_int_equal(report.reasons[1].count, 1);
	report_clear(&report);
	assert_int_equal(report.count, 0);
	assert_string_equal(report.input, "feed.json");
}

static void reasons_without_end_stay_bounded(void **state)
{
	static char reasons[100][16];
	struct report report = {0};
	uint64_t sum = 0;
	(void)state;

	for (unsigned i = 0; i < 100; i++) {
		(void)snprintf(reasons[i], sizeof(reasons[i]), "reason %u", i);
		report_note(&report, reasons[i], slice_text("x"), "%s", "");
	}
	assert_int_equal(report.reason_count, REPORT_REASONS_MAX);
	for (unsigned i = 0; i < report.reason_count; i++)
		sum += report.reasons[i].count;
	assert_int_equal(sum, 100);
	assert_string_equal(report.reasons[REPORT_REASONS_MAX - 1].reason, "other");
	report_clear(&report);
}

static void hostile_text_becomes_printable_and_is_cut(void **state)
{
	char text[PROBLEM_TEXT_BYTES];
	char endless[1000];
	(void)state;

	report_printable(slice_of("a\x1b[31m\0\xff\xc3\xa9", 10), text);
	assert_string_equal(text, "a?[31m??\xc3\xa9");
	memset(endless, 'x', sizeof(endless));
	report_printable(slice_of(endless, sizeof(endless)), text);
	assert_true(strlen(text) < PROBLEM_TEXT_BYTES);
	assert_string_equal(text + strlen(text) - 3, "...");
}

static void count_call(void *context, const struct report *report, const struct problem *problem)
{
	(void)report;
	assert_string_equal(problem->reason, "no id");
	++*(unsigned *)context;
}

static void each_problem_is_told_when_asked(void **state)
{
	unsigned calls = 0;
	struct report report = {.each = count_call, .each_context = &calls};
	(void)state;

	for (unsigned i = 0; i < 100; i++)
		report_add(&report, &(struct problem){.reason = "no id"});
	assert_int_equal(calls, 100);
	report_clear(&report);
	assert_ptr_equal(report.each, count_call);
	report_add(NULL, &(struct problem){.reason = "no id"});
}

static void the_report_of_a_part_is_added_with_its_name(void **state)
{
	struct report report = {0};
	struct report part = {0};

	(void)state;
	report_note(&report, "no id", slice_text("a"), "%s", "");
	report_note(&part, "no id", slice_text("b"), "%s", "");
	report_note(&part, "empty", slice_text("c"), "%s", "quite");
	report_merge(&report, &part, slice_text("entry"));
	assert_int_equal(report.count, 3);
	assert_int_equal(report.reason_count, 2);
	assert_int_equal(report.reasons[0].count, 2);
	assert_string_equal(report.reasons[0].examples[1].object, "b");
	assert_string_equal(report.reasons[0].examples[1].detail, "entry");
	assert_string_equal(report.reasons[1].examples[0].detail, "entry: quite");
	report_clear(&part);
	report_clear(&report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_report_of_a_part_is_added_with_its_name),
		cmocka_unit_test(problems_are_counted_by_reason_and_the_first_kept),
		cmocka_unit_test(reasons_without_end_stay_bounded),
		cmocka_unit_test(hostile_text_becomes_printable_and_is_cut),
		cmocka_unit_test(each_problem_is_told_when_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
