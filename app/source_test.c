#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/options.h"
#include "app/problems.h"
#include "app/source_verbs.h"
#include "app/stop.h"
#include "base/log.h"
#include "loader/sync.h"

struct test_values {
	const char *config_path;
	const char *name;
};

static int add_operand(void *context, const char *text)
{
	struct test_values *values = context;

	values->name = text;
	return 0;
}

static const struct option test_options[] = {
	CONFIG_SOURCE_OPTION(test_values, config_path),
	{OPTION_END},
};

static const struct command_line test_line = {
	"sekisho source test",
	"[options] NAME",
	"Reaches for a source with its credentials and says what is there. Nothing is stored.",
	test_options,
	add_operand,
};

static bool is_stopped(void *context)
{
	(void)context;
	return stop_signal() != 0;
}

static int test_source(const struct config *config, const struct source_config *source)
{
	const struct sync_options options = {.config = config, .is_stopped = is_stopped};
	struct report report = {.input = source->name};
	struct buffer text = {0};

	stop_install();
	int error = sync_test(&options, source, &report, &text);
	if (text.size > 0)
		(void)fwrite(text.data, 1, text.size, stdout);
	problems_print(error < 0 ? stderr : stdout, &report);
	if (error < 0 && report.count == 0)
		log_error("%s: %s", source->name, sync_error_text(error));
	buffer_close(&text);
	report_clear(&report);
	if (stop_signal() != 0)
		return EXIT_SIGNAL_BASE + stop_signal();
	return error < 0 ? EXIT_NOTHING : EXIT_FOUND;
}

static int run(int argc, char **argv)
{
	struct test_values values = {0};
	enum options_outcome outcome = options_parse(&test_line, argc, argv, &values);
	AUTO(config) config = NULL;

	if (outcome != OPTIONS_READ)
		return outcome == OPTIONS_HELP ? EXIT_FOUND : EXIT_FAILED;
	if (values.name == NULL) {
		options_complain(&test_line, "which source?");
		return EXIT_FAILED;
	}
	if (config_source_read(values.config_path, &config) < 0)
		return EXIT_FAILED;
	const struct source_config *source = config_source(config, values.name);
	if (source == NULL) {
		options_complain(&test_line, "%s has no source '%s'", config->path, values.name);
		return EXIT_FAILED;
	}
	return test_source(config, source);
}

const struct command command_source_test = {
	.name = "test",
	.summary = "reach for one and say what is there",
	.run = run,
};
