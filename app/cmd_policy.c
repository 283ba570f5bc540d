#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/options.h"
#include "app/policy_values.h"
#include "app/stop.h"

enum { DAYS_MAX = 3650, DAYS_DEFAULT = 30, EXAMPLES_DEFAULT = 5, EXAMPLES_MAX = 1000 };

static int add_operand(void *context, const char *text)
{
	struct policy_values *values = context;
	const char **grown = reallocarray(values->operands, values->operand_count + 1,
	                                  sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	values->operands = grown;
	grown[values->operand_count++] = text;
	return 0;
}

static const struct option explain_options[] = {
	CONFIG_SOURCE_OPTION(policy_values, config_path),
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct policy_values, has_json),
         .help = "one JSON object a value and line"},
	{OPTION_END},
};

static const struct command_line explain_line = {
	"sekisho policy explain",
	"[options] VALUE|ID...",
	"Says of each vote that names a value, or covers it, which row of the policy decided, by "
	"which facts, what vetoes a drop, and what a drop would need.",
	explain_options,
	add_operand,
};

static const struct option diff_options[] = {
	CONFIG_SOURCE_OPTION(policy_values, config_path),
	{OPTION_NUMBER, 0, "days", "N", .offset = offsetof(struct policy_values, days), .min = 1,
         .max = DAYS_MAX, .help = "hits of the last N days (default: 30)"},
	{OPTION_NUMBER, 0, "examples", "N", .offset = offsetof(struct policy_values, example_count),
         .max = EXAMPLES_MAX, .help = "examples of each change (default: 5)"},
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct policy_values, has_json),
         .help = "one JSON object"},
	{OPTION_END},
};

static const struct command_line diff_line = {
	"sekisho policy diff",
	"[options] OTHER.yaml",
	"Says what another configuration would change: of the values in the store, and of the hits "
	"of the last days. Nothing is changed.",
	diff_options,
	add_operand,
};

static const struct option promote_options[] = {
	CONFIG_SOURCE_OPTION(policy_values, config_path),
	{OPTION_NUMBER, 0, "hits", "N", .offset = offsetof(struct policy_values, hits), .min = 1,
         .max = INT64_MAX, .help = "every watched vote with at least N hits"},
	{OPTION_NUMBER, 0, "days", "N", .offset = offsetof(struct policy_values, days), .min = 1,
         .max = DAYS_MAX, .help = "hits of the last N days (default: 30)"},
	{OPTION_TEXT, 0, "why", "TEXT", .offset = offsetof(struct policy_values, why),
         .help = "the reason, for the audit trail (default: the hits)"},
	{OPTION_FLAG, 'n', "dry-run", .offset = offsetof(struct policy_values, is_dry),
         .help = "only say what would be promoted"},
	{OPTION_FLAG, 0, "undo", .offset = offsetof(struct policy_values, is_undone),
         .help = "take promotions back"},
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct policy_values, has_json),
         .help = "one JSON object a vote and line"},
	{OPTION_END},
};

static const struct command_line promote_line = {
	"sekisho policy promote",
	"[options] ID|VALUE... | --hits N",
	"Moves watched votes to drop, on the evidence of their hits, which are shown: so much "
	"would "
	"have been blocked. The next compilation takes it in.",
	promote_options,
	add_operand,
};

// What is wrong with the options together, or NULL.
static const char *find_contradiction(const struct command_line *line,
                                      const struct policy_values *values)
{
	if (line == &diff_line)
		return values->operand_count == 1 ? NULL : "which other configuration?";
	if (line == &explain_line)
		return values->operand_count > 0 ? NULL : "which value?";
	if (values->hits > 0 && (values->operand_count > 0 || values->is_undone))
		return "either votes, or --hits N";
	return values->hits > 0 || values->operand_count > 0 ? NULL : "which votes?";
}

static int run_verb(const struct command_line *line, int (*verb)(const struct policy_values *),
                    int argc, char **argv)
{
	struct policy_values values = {.days = DAYS_DEFAULT, .example_count = EXAMPLES_DEFAULT};
	enum options_outcome outcome = options_parse(line, argc, argv, &values);
	int status = outcome == OPTIONS_HELP ? EXIT_FOUND : EXIT_FAILED;

	if (outcome == OPTIONS_READ) {
		const char *contradiction = find_contradiction(line, &values);

		if (contradiction != NULL) {
			options_complain(line, "%s", contradiction);
		} else {
			stop_install();
			status = verb(&values);
		}
	}
	free(values.operands);
	return stop_signal() != 0 ? EXIT_SIGNAL_BASE + stop_signal() : status;
}

static int run_explain(int argc, char **argv)
{
	return run_verb(&explain_line, policy_explain, argc, argv);
}

static int run_diff(int argc, char **argv)
{
	return run_verb(&diff_line, policy_diff, argc, argv);
}

static int run_promote(int argc, char **argv)
{
	return run_verb(&promote_line, policy_promote, argc, argv);
}

static const struct command command_explain = {
	.name = "explain",
	.summary = "say which row decided of a value, and why",
	.run = run_explain,
};

static const struct command command_policy_diff = {
	.name = "diff",
	.summary = "say what another configuration would change",
	.run = run_diff,
};

static const struct command command_promote = {
	.name = "promote",
	.summary = "move watched votes to drop, on evidence",
	.run = run_promote,
};

static const struct command *const verbs[] = {&command_explain, &command_policy_diff,
                                              &command_promote, NULL};

const struct command command_policy = {
	.name = "policy",
	.summary = "explain, compare and change what is done on a hit",
	.nested = verbs,
};
