#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "app/command.h"
#include "app/config_print.h"
#include "app/config_source.h"
#include "app/options.h"

struct config_values {
	const char *path;
	bool is_quiet;
};

static int add_path(void *context, const char *text)
{
	struct config_values *values = context;

	values->path = text;
	return 0;
}

static const struct option check_options[] = {
	CONFIG_SOURCE_OPTION(config_values, path),
	{OPTION_FLAG, 'q', "quiet", .offset = offsetof(struct config_values, is_quiet),
         .help = "mistakes only, no warnings and no summary"},
	{OPTION_END},
};

static const struct command_line check_line = {
	"sekisho config check",
	"[options] [FILE]",
	"Says every mistake in a configuration, with its line.",
	check_options,
	add_path,
};

static int run_check(int argc, char **argv)
{
	struct config_values values = {0};
	enum options_outcome outcome = options_parse(&check_line, argc, argv, &values);
	AUTO(config) config = NULL;

	if (outcome != OPTIONS_READ)
		return outcome == OPTIONS_HELP ? EXIT_FOUND : EXIT_FAILED;
	if (config_source_check(values.path, !values.is_quiet, &config) < 0)
		return EXIT_FAILED;
	if (!values.is_quiet)
		(void)printf("%s: %u sources, %u rows of policy: no mistake\n", config->path,
		             config->source_count, config->policy->row_count);
	return EXIT_FOUND;
}

static const struct option show_options[] = {
	CONFIG_SOURCE_OPTION(config_values, path),
	{OPTION_END},
};

static const struct command_line show_line = {
	"sekisho config show",
	"[options] [FILE]",
	"Prints the configuration in effect as YAML: with defaults, without secrets.",
	show_options,
	add_path,
};

static int run_show(int argc, char **argv)
{
	struct config_values values = {0};
	enum options_outcome outcome = options_parse(&show_line, argc, argv, &values);
	AUTO(config) config = NULL;

	if (outcome != OPTIONS_READ)
		return outcome == OPTIONS_HELP ? EXIT_FOUND : EXIT_FAILED;
	if (config_source_read(values.path, &config) < 0)
		return EXIT_FAILED;
	config_print(stdout, config);
	return EXIT_FOUND;
}

static const struct command command_check = {
	.name = "check",
	.summary = "say every mistake, with its line",
	.run = run_check,
};

static const struct command command_show = {
	.name = "show",
	.summary = "print what is in effect",
	.run = run_show,
};

static const struct command *const verbs[] = {&command_check, &command_show, NULL};

const struct command command_config = {
	.name = "config",
	.summary = "check a configuration, show what is in effect",
	.nested = verbs,
};
