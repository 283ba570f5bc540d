#include "tests/unit/unit_test.h"

#include <stdio.h>
#include <stdlib.h>

#include "app/problems.h"

// What problems_print() says of one problem of `report`.
static void print_one(struct report *report, struct problem problem, char *ret_text, size_t size)
{
	FILE *file = fmemopen(ret_text, size, "w");

	assert_non_null(file);
	problem.reason = "broken";
	report_add(report, &problem);
	problems_print(file, report);
	assert_int_equal(fclose(file), 0);
	report_clear(report);
}

static void a_line_and_an_offset_are_both_said(void **state)
{
	struct report report = {.input = "feed.json"};
	char text[256];
	(void)state;

	print_one(&report, (struct problem){.object = slice_text("x"), .line = 12}, text,
	          sizeof(text));
	assert_string_equal(text, "  1 × broken: skipped\n      x (line 12)\n");
	print_one(&report, (struct problem){.offset = 0, .has_offset = true}, text, sizeof(text));
	assert_string_equal(text, "  1 × broken: skipped\n       (offset 0)\n");
	print_one(&report, (struct problem){.line = 2, .offset = 80, .has_offset = true}, text,
	          sizeof(text));
	assert_string_equal(text, "  1 × broken: skipped\n       (line 2, offset 80)\n");
}

static void what_was_kept_is_not_counted_as_skipped(void **state)
{
	struct report report = {0};
	(void)state;

	report_add(&report, &(struct problem){.reason = "broken"});
	report_add(&report, &(struct problem){.reason = "cut", .consequence = "what came before"});
	report_add(&report, &(struct problem){.reason = "private", .consequence = "kept"});
	assert_int_equal(problems_skipped(&report), 2);
	report_clear(&report);
}

static void what_a_line_counts_is_named_by_its_report(void **state)
{
	struct report report = {.input = "a.pcap", .unit = "packet"};
	char text[256] = "";
	FILE *file = fmemopen(text, sizeof(text), "w");
	struct problem problem = {
		.reason = "cut short", .line = 2, .offset = 1234, .has_offset = true};
	(void)state;

	assert_non_null(file);
	problems_print_each(file, &report, &problem);
	assert_int_equal(fclose(file), 0);
	assert_string_equal(text, "a.pcap: skipped: cut short:  (packet 2, offset 1234)\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_and_an_offset_are_both_said),
		cmocka_unit_test(what_was_kept_is_not_counted_as_skipped),
		cmocka_unit_test(what_a_line_counts_is_named_by_its_report),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
