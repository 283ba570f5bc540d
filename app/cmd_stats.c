#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/options.h"
#include "app/text.h"
#include "app/time_argument.h"
#include "app/vote_fields.h"
#include "base/json_text.h"
#include "base/log.h"
#include "loader/store_figures.h"

struct stats_values {
	const char *config_path;
	const char *since;
	bool has_json;
};

static const struct option stats_options[] = {
	CONFIG_SOURCE_OPTION(stats_values, config_path),
	{OPTION_TEXT, 0, "since", "TIME", .offset = offsetof(struct stats_values, since),
         .help = "what is new, withdrawn and hit since: a date, a time, or an age (default: 7d)"},
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct stats_values, has_json),
         .help = "one JSON object a source and line"},
	{OPTION_END},
};

static const struct command_line stats_line = {
	"sekisho stats",
	"[options]",
	"Says what each source is worth: what of it lives, what came and went, how much of it "
	"other "
	"sources have, too, what of it was hit, what collides with known-benign lists, how old it "
	"is.",
	stats_options,
	NULL,
};

struct stats {
	struct store *store;
	bool has_json;
	int64_t since_ns;
	int64_t now_ns;
	unsigned source_count;
	struct buffer json;
};

static const char *const type_keys[OBSERVABLE_TYPE_COUNT] = {
	[OBSERVABLE_ADDRESS] = "addresses",
	[OBSERVABLE_NAME] = "names",
	[OBSERVABLE_URL] = "urls",
	[OBSERVABLE_HASH] = "hashes",
};

static void print_heading(void)
{
	(void)printf("%-24s %11s %9s %9s %8s %7s %9s %7s %8s\n", "source", "live", "new",
	             "withdrawn", "expired", "shared", "hits", "benign", "age");
}

static void print_age(int64_t age_ns)
{
	int64_t hours = age_ns / (3600 * NS_PER_S);

	if (age_ns < 0)
		(void)printf(" %8s\n", "-");
	else if (hours < 48)
		(void)printf(" %6" PRId64 " h\n", hours);
	else
		(void)printf(" %6" PRId64 " d\n", hours / 24);
}

static void print_row(const struct stats *stats, const struct store_source *source,
                      const struct store_figures *figures)
{
	uint64_t percent = figures->values > 0 ? figures->shared_values * 100 / figures->values : 0;
	bool is_aged = figures->newest_ns != TIMESTAMP_MIN && figures->live > 0;
	char name[PROBLEM_TEXT_BYTES];

	report_printable(slice_text(source->name), name);
	(void)printf("%-24s %11s %9s %9s %8s %5" PRIu64 " %% %9s %7s", name,
	             text_count(figures->live).text, text_count(figures->added_since).text,
	             text_count(figures->withdrawn_since).text, text_count(figures->expired).text,
	             percent, text_count(figures->hits).text,
	             text_count(figures->known_benign).text);
	print_age(is_aged ? stats->now_ns - figures->newest_ns : -1);
}

static void append_figures(struct buffer *json, const struct store_figures *figures)
{
	buffer_format(json,
	              ",\"live\":%" PRIu64 ",\"withdrawn\":%" PRIu64 ",\"expired\":%" PRIu64
	              ",\"added_since\":%" PRIu64 ",\"withdrawn_since\":%" PRIu64
	              ",\"values\":%" PRIu64 ",\"shared_values\":%" PRIu64
	              ",\"known_benign\":%" PRIu64 ",\"hits\":%" PRIu64,
	              figures->live, figures->withdrawn, figures->expired, figures->added_since,
	              figures->withdrawn_since, figures->values, figures->shared_values,
	              figures->known_benign, figures->hits);
	for (unsigned i = 0; i < OBSERVABLE_TYPE_COUNT; i++)
		buffer_format(json, ",\"%s\":%" PRIu64, type_keys[i], figures->by_type[i]);
	buffer_append_text(json, ",\"oldest\":");
	vote_fields_append_time(json, figures->oldest_ns);
	buffer_append_text(json, ",\"newest\":");
	vote_fields_append_time(json, figures->newest_ns);
}

static void print_json(struct stats *stats, const struct store_source *source,
                       const struct store_figures *figures)
{
	struct buffer *json = &stats->json;

	buffer_clear(json);
	buffer_append_text(json, "{\"source\":");
	json_text_append(json, slice_text(source->name));
	buffer_append_text(json, ",\"kind\":");
	json_text_append(json, slice_text(source->kind));
	if (source->group != NULL) {
		buffer_append_text(json, ",\"group\":");
		json_text_append(json, slice_text(source->group));
	}
	buffer_format(json, ",\"reliability\":%u,\"last_success\":", source->reliability);
	vote_fields_append_time(json, source->last_success_ns);
	append_figures(json, figures);
	buffer_append_text(json, "}\n");
	(void)fwrite(json->data, 1, json->size, stdout);
}

static int show(void *context, const struct store_source *source)
{
	struct stats *stats = context;
	struct store_figures figures;
	int error = store_source_figures(stats->store, source->source_id, stats->since_ns,
	                                 stats->now_ns, &figures);

	if (error < 0)
		return error;
	if (stats->has_json)
		print_json(stats, source, &figures);
	else if (stats->source_count == 0)
		print_heading();
	if (!stats->has_json)
		print_row(stats, source, &figures);
	stats->source_count++;
	return stats->json.failed ? -ENOMEM : 0;
}

static int show_stats(const struct stats_values *values)
{
	AUTO(config) config = NULL;
	AUTO(store) store = NULL;
	struct stats stats = {.has_json = values->has_json, .now_ns = time_argument_now_ns()};

	stats.since_ns = stats.now_ns - 7 * 86400 * NS_PER_S;
	if (values->since != NULL &&
	    time_argument_parse(values->since, stats.now_ns, &stats.since_ns) < 0) {
		options_complain(&stats_line, "'%s' is not a time", values->since);
		return EXIT_FAILED;
	}
	if (config_source_open(values->config_path, STORE_READ, &config, &store) < 0)
		return EXIT_FAILED;
	stats.store = store;
	int error = store_source_each(store, show, &stats);
	buffer_close(&stats.json);
	if (error < 0) {
		log_error("%s: %s", config->store_path,
		          error == -ENOMEM ? "out of memory" : store_error(store));
		return EXIT_FAILED;
	}
	return stats.source_count > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

static int run(int argc, char **argv)
{
	struct stats_values values = {0};

	switch (options_parse(&stats_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		return EXIT_FOUND;
	case OPTIONS_READ:
		return show_stats(&values);
	case OPTIONS_WRONG:
		break;
	}
	return EXIT_FAILED;
}

const struct command command_stats = {
	.name = "stats",
	.summary = "say what each source is worth",
	.run = run,
};
