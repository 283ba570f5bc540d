#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/compile_store.h"
#include "app/config_source.h"
#include "app/feed_compile.h"
#include "app/feed_list.h"
#include "app/feed_summary.h"
#include "app/options.h"
#include "app/output_file.h"
#include "app/stop.h"
#include "base/log.h"

struct compile_values {
	struct feed_list feeds;
	const char *output_path;
	const char *sign_key_path;
	const char *config_path;
	bool is_full;
	bool has_explanation;
	bool has_json;
	bool is_quiet;
};

static int add_feed(void *context, const char *path)
{
	struct compile_values *values = context;

	return feed_list_add(&values->feeds, path);
}

static const struct option compile_options[] = {
	{OPTION_TEXT, 'o', "output", "FILE", .offset = offsetof(struct compile_values, output_path),
         .help = "write the database to FILE; what was there stays when anything fails"},
	CONFIG_SOURCE_OPTION(compile_values, config_path),
	{OPTION_FLAG, 0, "full", .offset = offsetof(struct compile_values, is_full),
         .help = "from the store: a new database, even when an overlay would do"},
	{OPTION_FLAG, 0, "explain", .offset = offsetof(struct compile_values, has_explanation),
         .help = "list everything that was skipped or changed, not only the first few"},
	{OPTION_TEXT, 0, "sign", "KEY", .offset = offsetof(struct compile_values, sign_key_path),
         .help = "sign the database with an Ed25519 private key (a PEM file)"},
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct compile_values, has_json),
         .help = "write the summary as one JSON object"},
	{OPTION_FLAG, 'q', "quiet", .offset = offsetof(struct compile_values, is_quiet),
         .help = "no summary and no progress bar"},
	FEED_LIST_OPTIONS(compile_values, feeds),
	{OPTION_END},
};

static const struct command_line compile_line = {
	"sekisho compile",
	"[options] [FEED... -o FILE]",
	"Compiles indicator feeds (STIX 2.0 and 2.1 JSON, text lists, hosts files, CSV; plain, "
	"gzip or zstd; - is standard input) into one database for 'sekisho match -d'. Without "
	"feeds: the store that the configuration names, under its policy.",
	compile_options,
	add_feed,
};

static int print_summary(const struct compile_values *values,
                         const struct feed_compile_result *result, bool is_written)
{
	const char *path = is_written ? values->output_path : NULL;

	if (values->is_quiet)
		return 0;
	if (values->has_json)
		return feed_summary_print_json(stdout, &values->feeds, result, path);
	feed_summary_print(stdout, &values->feeds, result, path, !values->has_explanation);
	return 0;
}

// How it went, once the database is written or not to be.
static int exit_status(const struct compile_values *values,
                       const struct feed_compile_result *result, int error)
{
	if (stop_signal() != 0)
		return EXIT_SIGNAL_BASE + stop_signal();
	if (error == -ENODATA) {
		log_warning("no indicator in any feed: %s is not written", values->output_path);
		return EXIT_NOTHING;
	}
	if (error < 0)
		return EXIT_FAILED;
	for (size_t i = 0; i < result->feed_count; i++)
		if (!feed_compile_gave_something(&result->feeds[i]))
			return EXIT_NOTHING;
	return EXIT_FOUND;
}

static int compile(const struct compile_values *values)
{
	const struct feed_compile_options options = {
		.is_quiet = values->is_quiet,
		.explanation = !values->has_explanation ? NULL
	                       : values->has_json       ? stderr
	                                                : stdout,
		.sign_key_path = values->sign_key_path,
	};
	AUTO(output_file) output = NULL;
	struct feed_compile_result result;
	int error = output_file_open(values->output_path, &output);

	if (error < 0) {
		log_error("%s: %s", values->output_path, strerror(-error));
		return EXIT_FAILED;
	}
	error = feed_compile(&values->feeds, &options, fileno(output_file_stream(output)), &result);
	if (error == 0) {
		error = output_file_commit(output);
		if (error < 0)
			log_error("%s: %s", values->output_path, strerror(-error));
	}
	bool is_written = error == 0;
	if (print_summary(values, &result, is_written) < 0 && is_written)
		error = -ENOMEM;
	int status = exit_status(values, &result, error);
	feed_compile_close(&result);
	return status;
}

static int compile_from_store(const struct compile_values *values)
{
	const struct compile_store_options options = {
		.config_path = values->config_path,
		.database_path = values->output_path,
		.sign_key_path = values->sign_key_path,
		.is_full = values->is_full,
		.has_explanation = values->has_explanation,
		.has_json = values->has_json,
		.is_quiet = values->is_quiet,
	};

	return compile_store(&options);
}

// What is wrong with the options together, or NULL.
static const char *find_contradiction(const struct compile_values *values)
{
	bool is_standard_output = values->output_path != NULL &&
	                          strcmp(values->output_path, "-") == 0;

	if (values->feeds.count > 0 && (values->config_path != NULL || values->is_full))
		return "either feeds, or the store of a configuration";
	if (is_standard_output || (values->feeds.count > 0 && values->output_path == NULL))
		return "which file to write (-o FILE)?";
	return NULL;
}

static int run(int argc, char **argv)
{
	struct compile_values values = {0};
	int status = EXIT_FAILED;
	const char *contradiction;

	switch (options_parse(&compile_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		status = EXIT_FOUND;
		break;
	case OPTIONS_READ:
		contradiction = find_contradiction(&values);
		if (contradiction != NULL) {
			options_complain(&compile_line, "%s", contradiction);
			break;
		}
		stop_install();
		status = values.feeds.count > 0 ? compile(&values) : compile_from_store(&values);
		break;
	case OPTIONS_WRONG:
		break;
	}
	feed_list_close(&values.feeds);
	return status;
}

const struct command command_compile = {
	.name = "compile",
	.summary = "compile feeds, or the store, into an indicator database",
	.run = run,
};
