#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/capture_list.h"
#include "app/command.h"
#include "app/database_source.h"
#include "app/feed_list.h"
#include "app/config_source.h"
#include "app/match_record.h"
#include "app/match_run.h"
#include "app/match_summary.h"
#include "app/options.h"
#include "app/output_file.h"
#include "app/stop.h"
#include "base/log.h"
#include "sightings/sightings.h"

struct match_values {
	struct feed_list feeds;
	struct capture_list captures;
	const char *database_path;
	const char *json_path;
	const char *stix_path;
	const char *sensor;
	const char *record_path; // of a store
	const char *state_path;
	const char *config_path;
	uint64_t job_count; // 0: one a core
	struct traffic_settings traffic;
	bool has_indicators;
	bool has_all;
	bool is_quiet;
	struct store *store; // open, to record the hits; NULL: they are not recorded
};

static int add_feed(void *context, const char *path)
{
	struct match_values *values = context;

	return feed_list_add(&values->feeds, path);
}

static int add_capture(void *context, const char *path)
{
	struct match_values *values = context;

	return capture_list_take(&values->captures, path);
}

static const struct option match_options[] = {
	{OPTION_TEXT, 'd', "database", "DB", .offset = offsetof(struct match_values, database_path),
         .help = "a database made by 'sekisho compile'"},
	{OPTION_CALL, 'f', "feed", "FEED", .add = add_feed,
         .help = "compile this feed in memory instead; may be repeated"},
	{OPTION_NUMBER, 'j', "jobs", "N", .offset = offsetof(struct match_values, job_count),
         .min = 1, .max = 256, .help = "worker threads (default: one a core)"},
	{OPTION_FLAG, 'q', "quiet", .offset = offsetof(struct match_values, is_quiet),
         .help = "no table, no summary, no progress bar; errors and damaged captures are told"},
	{OPTION_FLAG, 0, "checksums",
         .offset = offsetof(struct match_values, traffic.must_check_sums),
         .help = "take nothing but addresses from packets with a wrong checksum"},
	{OPTION_FLAG, 0, "local-dns",
         .offset = offsetof(struct match_values, traffic.has_local_dns),
         .help = "take multicast DNS and LLMNR for DNS"},
	{OPTION_TEXT, 0, "state", "FILE", .offset = offsetof(struct match_values, state_path),
         .help = "pass over what FILE says was matched before, and add to it what this run reads"},
	{OPTION_HEADING, .help = "Output"},
	{OPTION_TEXT, 0, "json", "FILE", "-", offsetof(struct match_values, json_path),
         .help = "one JSON object a hit, to FILE or standard output, instead of the table"},
	{OPTION_TEXT, 0, "stix", "FILE", .offset = offsetof(struct match_values, stix_path),
         .help = "write the sightings to FILE as a STIX 2.1 bundle"},
	{OPTION_FLAG, 0, "with-indicators", .offset = offsetof(struct match_values, has_indicators),
         .help = "add the indicators to the bundle as they were received"},
	{OPTION_FLAG, 0, "all", .offset = offsetof(struct match_values, has_all),
         .help = "add to the bundle hits outside their indicator's validity, or beside its "
                 "pattern"},
	{OPTION_TEXT, 0, "sensor", "NAME", .offset = offsetof(struct match_values, sensor),
         .help = "name of the sensor's identity in the bundle (default: sekisho)"},
	{OPTION_HEADING, .help = "Evidence"},
	{OPTION_TEXT, 0, "record", "STORE", .offset = offsetof(struct match_values, record_path),
         .help = "add the hits, by vote and day, to the store that the database was compiled from"},
	{OPTION_TEXT, 'c', "config", "FILE", .offset = offsetof(struct match_values, config_path),
         .help = "the same, to the store that this configuration names"},
	FEED_LIST_OPTIONS(match_values, feeds),
	{OPTION_END},
};

static const struct command_line match_line = {
	"sekisho match",
	"[options] (-d DB | -f FEED) CAPTURE...",
	"Looks for indicators in captures (pcap, pcapng and snoop; plain, gzip or zstd; folders "
	"with all "
	"their captures; - is standard input) and writes the hits.",
	match_options,
	add_capture,
};

static int write_table(struct sightings *sightings)
{
	struct winsize window = {0};
	struct table_options options = {0};

	if (isatty(STDOUT_FILENO)) {
		const char *no_color =
			getenv("NO_COLOR"); // no-color.org: an empty one says nothing

		options.has_color = no_color == NULL || no_color[0] == '\0';
		if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0)
			options.width = window.ws_col;
	}
	int error = sightings_write_table(sightings, stdout, &options);
	if (error == 0 && fflush(stdout) != 0)
		error = -errno;
	if (error < 0)
		output_file_log_error("the hits", "-", error);
	return error;
}

static int write_json(struct sightings *sightings, const char *path)
{
	AUTO(output_file) output = NULL;
	int error = output_file_open(path, &output);

	if (error == 0)
		error = sightings_write_json(sightings, output_file_stream(output));
	if (error == 0)
		error = output_file_commit(output);
	if (error < 0)
		output_file_log_error("the hits", path, error);
	return error;
}

static int write_stix(struct sightings *sightings, const struct match_values *values)
{
	const struct stix_options options = {
		.sensor = values->sensor,
		.has_indicators = values->has_indicators,
		.has_all = values->has_all,
	};
	AUTO(output_file) output = NULL;
	struct stix_summary summary;
	int error = output_file_open(values->stix_path, &output);

	if (error == 0)
		error = sightings_write_stix(sightings, output_file_stream(output), &options,
		                             &summary);
	if (error == 0)
		error = output_file_commit(output);
	if (error < 0) {
		output_file_log_error("the bundle", values->stix_path, error);
		return error;
	}
	if (summary.indicators_not_kept > 0)
		log_warning(
			"%llu indicators are not in the database as received: not in the bundle",
			(unsigned long long)summary.indicators_not_kept);
	if (summary.hits_beside_patterns > 0 && !values->is_quiet)
		(void)fprintf(stderr,
		              "%llu hits of names below a STIX indicator's are not in the bundle\n",
		              (unsigned long long)summary.hits_beside_patterns);
	if (!values->is_quiet)
		(void)fprintf(stderr, "bundle: %s, %llu sightings, %llu objects\n",
		              values->stix_path, (unsigned long long)summary.sightings,
		              (unsigned long long)summary.objects);
	return 0;
}

static int write_results(struct sightings *sightings, const struct match_values *values)
{
	int error = 0;

	if (values->json_path != NULL)
		error = write_json(sightings, values->json_path);
	else if (!values->is_quiet)
		error = write_table(sightings);
	if (error == 0 && values->stix_path != NULL)
		error = write_stix(sightings, values);
	if (error == 0 && values->store != NULL)
		error = match_record(sightings, values->store);
	return error;
}

static int match(const struct match_values *values, const struct database *database,
                 struct match_state *state)
{
	const struct sightings_options sightings_options = {
		.database = database,
		.captures = (const char *const *)values->captures.paths,
		.capture_count = values->captures.count,
	};
	const struct match_run_options run_options = {
		.database = database,
		.captures = &values->captures,
		.job_count = (unsigned)values->job_count,
		.traffic = values->traffic,
		.is_quiet = values->is_quiet,
		.state = state,
	};
	AUTO(sightings) sightings = NULL;
	struct match_run_result result;
	struct sightings_summary summary;
	int error = sightings_create(&sightings_options, &sightings);

	if (error == 0)
		error = match_run(&run_options, sightings, &result);
	if (error < 0)
		return EXIT_FAILED;
	error = sightings_finish(sightings, &summary);
	if (error < 0)
		log_error("sorting the hits: %s", strerror(-error));
	else
		error = write_results(sightings, values);
	// Last: what is in the state was told.
	if (error == 0 && state != NULL)
		error = match_state_write(state);
	if (error == 0 && !values->is_quiet)
		match_summary_print(&values->captures, &result, &summary);
	if (stop_signal() != 0)
		return EXIT_SIGNAL_BASE + stop_signal();
	if (error < 0)
		return EXIT_FAILED;
	if (result.unreadable_count > 0 || values->captures.has_unreadable)
		return EXIT_FAILED;
	return summary.hits > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

static int open_and_match(struct match_values *values)
{
	AUTO(match_state) state = NULL;
	AUTO(database) database = NULL;
	int error;

	if (values->job_count == 0)
		values->job_count = workers_cores();
	if (values->database_path != NULL)
		error = database_source_open(values->database_path, &database);
	else
		error = database_source_compile(&values->feeds, values->is_quiet, &database);
	if (stop_signal() != 0)
		return EXIT_SIGNAL_BASE + stop_signal();
	if (error == 0 && (values->record_path != NULL || values->config_path != NULL))
		error = match_record_open(values->record_path, values->config_path, database,
		                          &values->store);

	if (error == 0 && values->state_path != NULL)
		error = match_state_open(values->state_path, database, &values->traffic, &state);
	if (error == 0 && state != NULL)
		error = match_state_skip(state, &values->captures);

	int status = error == 0 ? match(values, database, state) : EXIT_FAILED;
	store_close(values->store);
	return status;
}

// What is wrong with the options together, or NULL.
static const char *find_contradiction(const struct match_values *values)
{
	if (values->database_path == NULL && values->feeds.count == 0)
		return "which indicators (-d DB or -f FEED)?";
	if (values->database_path != NULL && values->feeds.count > 0)
		return "-d and -f exclude each other";
	if (values->record_path != NULL && values->config_path != NULL)
		return "either --record STORE or --config FILE";
	if ((values->record_path != NULL || values->config_path != NULL) &&
	    values->database_path == NULL)
		return "only hits of a database (-d DB) can be recorded";
	if (!values->captures.is_asked_for)
		return "which captures?";
	if (values->stix_path == NULL && (values->has_indicators || values->has_all))
		return "--with-indicators and --all need --stix FILE";
	if (values->stix_path != NULL && strcmp(values->stix_path, "-") == 0 &&
	    (values->json_path != NULL ? strcmp(values->json_path, "-") == 0 : !values->is_quiet))
		return "--stix - needs --quiet or --json=FILE: standard output takes one thing";
	return NULL;
}

static int run(int argc, char **argv)
{
	struct match_values values = {.sensor = "sekisho"};
	int status = EXIT_FAILED;
	const char *contradiction;

	switch (options_parse(&match_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		status = EXIT_FOUND;
		break;
	case OPTIONS_READ:
		contradiction = find_contradiction(&values);
		if (contradiction != NULL) {
			options_complain(&match_line, "%s", contradiction);
		} else {
			stop_install();
			status = open_and_match(&values);
		}
		break;
	case OPTIONS_WRONG:
		break;
	}
	feed_list_close(&values.feeds);
	capture_list_close(&values.captures);
	return status;
}

const struct command command_match = {
	.name = "match",
	.summary = "look for indicators in captures",
	.run = run,
};
