#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/options.h"
#include "app/stop.h"
#include "app/sync_watch.h"

struct sync_values {
	const char *config_path;
	const char **names; // owned; its texts are argv's
	unsigned name_count;
	bool is_watching;
	bool is_full;
	bool is_uncompiled;
	bool is_quiet;
	bool has_json;
};

static int add_name(void *context, const char *name)
{
	struct sync_values *values = context;
	const char **names = realloc(values->names, (values->name_count + 1) * sizeof(*names));

	if (names == NULL)
		return -ENOMEM;
	values->names = names;
	values->names[values->name_count++] = name;
	return 0;
}

static const struct option sync_options[] = {
	CONFIG_SOURCE_OPTION(sync_values, config_path),
	{OPTION_CALL, 0, "source", "NAME", .add = add_name,
         .help = "only this source (again for more), also when it is not enabled"},
	{OPTION_UNFLAG, 0, "once", .offset = offsetof(struct sync_values, is_watching),
         .help = "run each source once, now (default)"},
	{OPTION_FLAG, 0, "watch", .offset = offsetof(struct sync_values, is_watching),
         .help = "run each source when it is due, until stopped; SIGHUP reads the "
                 "configuration again"},
	{OPTION_FLAG, 0, "full", .offset = offsetof(struct sync_values, is_full),
         .help = "fetch everything anew, as if nothing were known"},
	{OPTION_FLAG, 0, "no-compile", .offset = offsetof(struct sync_values, is_uncompiled),
         .help = "leave the database as it is"},
	{OPTION_FLAG, 'q', "quiet", .offset = offsetof(struct sync_values, is_quiet),
         .help = "only what failed or is held, and no progress"},
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct sync_values, has_json),
         .help = "one JSON object a line"},
	{OPTION_END},
};

static const struct command_line sync_line = {
	"sekisho sync",
	"[options]",
	"Fetches what is new from the sources of the configuration into the store, and brings the "
	"database up to date. What is there stays when a source is down or sends nonsense.",
	sync_options,
	NULL,
};

static bool are_names_known(const struct sync_values *values, const struct config *config)
{
	for (unsigned i = 0; i < values->name_count; i++) {
		if (config_source(config, values->names[i]) != NULL)
			continue;
		options_complain(&sync_line, "%s has no source '%s'", config->path,
		                 values->names[i]);
		return false;
	}
	return true;
}

static int run_once(const struct sync_run *run, const struct config *config)
{
	struct sync_round_result result;
	int error = sync_round(run, config, true, &result);

	if (error == -EINTR)
		return EXIT_SIGNAL_BASE + stop_signal();
	if (error < 0)
		return EXIT_FAILED;
	return result.failed_count > 0 ? EXIT_NOTHING : EXIT_FOUND;
}

static int synchronise(const struct sync_values *values)
{
	AUTO(config) config = NULL;
	struct sync_run run = {
		.names = values->names,
		.name_count = values->name_count,
		.is_full = values->is_full,
		.is_uncompiled = values->is_uncompiled,
		.is_quiet = values->is_quiet,
		.has_json = values->has_json,
	};

	if (config_source_read(values->config_path, &config) < 0 ||
	    !are_names_known(values, config))
		return EXIT_FAILED;
	stop_install();
	if (!values->is_watching)
		return run_once(&run, config);
	return sync_watch(&run, values->config_path, TAKE(config)) < 0 ? EXIT_FAILED : EXIT_FOUND;
}

static int run(int argc, char **argv)
{
	struct sync_values values = {0};
	int status = EXIT_FAILED;

	switch (options_parse(&sync_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		status = EXIT_FOUND;
		break;
	case OPTIONS_READ:
		status = synchronise(&values);
		break;
	case OPTIONS_WRONG:
		break;
	}
	free(values.names);
	return status;
}

const struct command command_sync = {
	.name = "sync",
	.summary = "fetch what is new from the sources, compile it",
	.run = run,
};
