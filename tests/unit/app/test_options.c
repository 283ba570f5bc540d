#include "app/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include <cmocka.h>

struct values {
	bool is_quiet;
	const char *output;
	const char *json;
	uint64_t jobs;
	uint64_t memory_bytes;
	int color;
	char order[64]; // what the callbacks were given, in order
};

static const char *color_name(unsigned choice)
{
	static const char *const names[] = {"red", "green", "blue"};

	return names[choice];
}

static int add_feed(void *context, const char *argument)
{
	struct values *values = context;

	if (strcmp(argument, "bad") == 0)
		return -EINVAL;
	(void)strcat(strcat(values->order, "f:"), argument);
	return 0;
}

static int add_operand(void *context, const char *argument)
{
	struct values *values = context;

	(void)strcat(strcat(values->order, "o:"), argument);
	return 0;
}

static const struct option table[] = {
	{OPTION_FLAG, 'q', "quiet", .offset = offsetof(struct values, is_quiet), .help = "-"},
	{OPTION_UNFLAG, 0, "loud", .offset = offsetof(struct values, is_quiet), .help = "-"},
	{OPTION_HEADING, .help = "More"},
	{OPTION_TEXT, 'o', "output", "FILE", .offset = offsetof(struct values, output),
         .help = "-"},
	{OPTION_TEXT, 0, "json", "FILE", "-", offsetof(struct values, json), .help = "-"},
	{OPTION_NUMBER, 'j', "jobs", "N", .offset = offsetof(struct values, jobs), .min = 1,
         .max = 256, .help = "-"},
	{OPTION_SIZE, 0, "memory", "SIZE", .offset = offsetof(struct values, memory_bytes),
         .max = UINT64_MAX, .help = "-"},
	{OPTION_CHOICE, 0, "color", "COLOR", .offset = offsetof(struct values, color),
         .choice_count = 3, .choice_name = color_name, .help = "-"},
	{OPTION_CALL, 'f', "feed", "FEED", .add = add_feed, .help = "-"},
	{OPTION_END},
};
static const struct command_line line = {"sekisho test", "", "", table, add_operand};

static enum options_outcome parse(struct values *values, const char *a, const char *b,
                                  const char *c)
{
	char *argv[] = {(char *)"test", (char *)a, (char *)b, (char *)c, NULL};
	int argc = 1 + (a != NULL) + (b != NULL) + (c != NULL);

	*values = (struct values){.jobs = 7};
	return options_parse(&line, argc, argv, values);
}

static void values_are_read_in_every_spelling(void **state)
{
	struct values values;
	(void)state;

	assert_int_equal(parse(&values, "-qj4", "-o", "x"), OPTIONS_READ);
	assert_true(values.is_quiet);
	assert_int_equal(values.jobs, 4);
	assert_string_equal(values.output, "x");

	assert_int_equal(parse(&values, "--jobs=256", "--output", "--quiet"), OPTIONS_READ);
	assert_int_equal(values.jobs, 256);
	assert_string_equal(values.output, "--quiet");
	assert_false(values.is_quiet);

	assert_int_equal(parse(&values, "-q", "--loud", "--color=blue"), OPTIONS_READ);
	assert_false(values.is_quiet);
	assert_int_equal(values.color, 2);
	assert_int_equal(values.jobs, 7);
}

static void sizes_take_units(void **state)
{
	struct values values;
	(void)state;

	assert_int_equal(parse(&values, "--memory=3K", NULL, NULL), OPTIONS_READ);
	assert_int_equal(values.memory_bytes, 3072);
	assert_int_equal(parse(&values, "--memory=2G", NULL, NULL), OPTIONS_READ);
	assert_int_equal(values.memory_bytes, UINT64_C(2) << 30);
	assert_int_equal(parse(&values, "--memory=17179869184G", NULL, NULL), OPTIONS_WRONG);
	assert_int_equal(parse(&values, "--memory=1KB", NULL, NULL), OPTIONS_WRONG);
}

static void an_optional_argument_is_never_the_next_word(void **state)
{
	struct values values;
	(void)state;

	assert_int_equal(parse(&values, "--json", "a.pcap", NULL), OPTIONS_READ);
	assert_string_equal(values.json, "-");
	assert_string_equal(values.order, "o:a.pcap");
	assert_int_equal(parse(&values, "--json=b", NULL, NULL), OPTIONS_READ);
	assert_string_equal(values.json, "b");
}

static void arguments_are_taken_in_their_order(void **state)
{
	struct values values;
	(void)state;

	assert_int_equal(parse(&values, "a", "-fb", "-"), OPTIONS_READ);
	assert_string_equal(values.order, "o:af:bo:-");
	assert_int_equal(parse(&values, "--", "-f", "--quiet"), OPTIONS_READ);
	assert_string_equal(values.order, "o:-fo:--quiet");
	assert_false(values.is_quiet);
}

static void wrong_options_are_refused(void **state)
{
	static const char *const wrong[] = {
		"--nothing", "-x",      "--quiet=1", "--jobs=0",     "--jobs=257", "--jobs=4x",
		"--jobs=-1", "--jobs=", "--jobs=1K", "--color=red ", "--feed=bad", "--output"};
	struct values values;
	(void)state;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(parse(&values, wrong[i], NULL, NULL), OPTIONS_WRONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_read_in_every_spelling),
		cmocka_unit_test(sizes_take_units),
		cmocka_unit_test(an_optional_argument_is_never_the_next_word),
		cmocka_unit_test(arguments_are_taken_in_their_order),
		cmocka_unit_test(wrong_options_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
