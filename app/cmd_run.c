#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/daemon_check.h"
#include "app/daemon_state.h"
#include "app/options.h"
#include "base/log.h"

struct run_values {
	const char *config_path;
	bool is_dry_run;
	bool is_check;
};

static const struct option run_options[] = {
	CONFIG_SOURCE_OPTION(run_values, config_path),
	{OPTION_FLAG, 0, "dry-run", .offset = offsetof(struct run_values, is_dry_run),
         .help = "drop nothing, whatever the configuration says; hits tell what would have been"},
	{OPTION_FLAG, 0, "check", .offset = offsetof(struct run_values, is_check),
         .help = "open nothing; say what would be done, and what would fail"},
	{OPTION_END},
};

static const struct command_line run_line = {
	"sekisho run",
	"[options]",
	"Watches, or guards, the links that the configuration names, until it is asked to stop: in "
	"the foreground, logging to standard error.",
	run_options,
	NULL,
};

// What a worker that hangs may still use is not freed: the process ends as it is.
static int run_daemon(struct daemon *daemon)
{
	int error = daemon_start(daemon);

	if (error == 0) {
		error = daemon_loop(daemon);
		if (daemon_stop(daemon) == -ETIMEDOUT)
			_exit(EXIT_FAILED);
	}
	daemon_close(daemon);
	return error < 0 ? EXIT_FAILED : EXIT_FOUND;
}

static int run_with(const struct config *config, const struct run_values *values)
{
	bool is_inline = config->sensor->mode != SENSOR_TAP;
	struct daemon *daemon;
	int status;

	if (config->sensor->link_count == 0) {
		log_error("%s: there is no 'sensor:' in it", config->path);
		return EXIT_FAILED;
	}
	if (values->is_check)
		return daemon_check(config, values->is_dry_run || config->sensor->is_dry_run) == 0
		               ? EXIT_FOUND
		               : EXIT_FAILED;
	daemon = calloc(1, sizeof(*daemon));
	if (daemon == NULL)
		return EXIT_FAILED;
	daemon->config_path = values->config_path;
	daemon->first = config;
	daemon->is_dry_run = is_inline && (values->is_dry_run || config->sensor->is_dry_run);
	daemon->signal_fd = -1;
	daemon->notify.fd = -1;
	status = run_daemon(daemon);
	free(daemon);
	return status;
}

static int run(int argc, char **argv)
{
	struct run_values values = {0};
	enum options_outcome outcome = options_parse(&run_line, argc, argv, &values);
	AUTO(config) config = NULL;

	if (outcome != OPTIONS_READ)
		return outcome == OPTIONS_HELP ? EXIT_FOUND : EXIT_FAILED;
	if (config_source_read(values.config_path, &config) < 0)
		return EXIT_FAILED;
	return run_with(config, &values);
}

const struct command command_run_sensor = {
	.name = "run",
	.summary = "watch or guard links, as a service",
	.run = run,
};
