#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/options.h"
#include "app/text.h"
#include "app/time_argument.h"
#include "app/vote_fields.h"
#include "base/log.h"
#include "loader/store_figures.h"

enum { RETENTION_DAYS_MAX = 36500 };

struct purge_values {
	const char *config_path;
	uint64_t days;
	bool is_dry;
	bool is_quiet;
};

static const struct option purge_options[] = {
	CONFIG_SOURCE_OPTION(purge_values, config_path),
	{OPTION_NUMBER, 0, "days", "N", .offset = offsetof(struct purge_values, days), .min = 1,
         .max = RETENTION_DAYS_MAX,
         .help = "what has been withdrawn or past its validity for N days (default: the "
                 "configuration's retention)"},
	{OPTION_FLAG, 0, "dry-run", .offset = offsetof(struct purge_values, is_dry),
         .help = "only say what would go"},
	{OPTION_FLAG, 'q', "quiet", .offset = offsetof(struct purge_values, is_quiet),
         .help = "only how many"},
	{OPTION_END},
};

static const struct command_line purge_line = {
	"sekisho purge",
	"[options]",
	"Discards from the store what has long been withdrawn or past its validity, with its "
	"history, "
	"and says what. 'sekisho sync' does the same by the configuration's retention.",
	purge_options,
	NULL,
};

static int show(void *context, const struct vote *vote)
{
	const struct purge_values *values = context;
	char source[PROBLEM_TEXT_BYTES];

	if (values->is_quiet)
		return 0;
	report_printable(vote->record.source, source);
	vote_fields_print_subject(vote);
	(void)printf(" (%s, %s)\n", source,
	             vote->end == VOTE_LIVE ? "expired" : vote_end_name(vote->end));
	return 0;
}

static int purge(struct purge_values *values)
{
	AUTO(config) config = NULL;
	AUTO(store) store = NULL;
	uint64_t count;

	if (config_source_open(values->config_path, values->is_dry ? STORE_READ : STORE_WRITE,
	                       &config, &store) < 0)
		return EXIT_FAILED;
	uint64_t days = values->days > 0 ? values->days : config->retention_days;
	if (days == 0) {
		log_warning("the configuration keeps everything for ever: give --days");
		return EXIT_NOTHING;
	}
	int64_t before_ns = time_argument_now_ns() - (int64_t)days * 86400 * NS_PER_S;
	int error = store_purge(store, before_ns, values->is_dry, show, values, &count);
	if (error < 0) {
		log_error("%s: %s", config->store_path, store_error(store));
		return EXIT_FAILED;
	}
	(void)printf("%s %s\n", text_count(count).text,
	             values->is_dry ? "would be discarded" : "discarded");
	return count > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

static int run(int argc, char **argv)
{
	struct purge_values values = {0};

	switch (options_parse(&purge_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		return EXIT_FOUND;
	case OPTIONS_READ:
		return purge(&values);
	case OPTIONS_WRONG:
		break;
	}
	return EXIT_FAILED;
}

const struct command command_purge = {
	.name = "purge",
	.summary = "discard what has long been out of the store's use",
	.run = run,
};
