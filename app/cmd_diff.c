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
#include "base/log.h"
#include "loader/store_history.h"

struct diff_values {
	const char *config_path;
	const char *from;
	const char *until;
	const char *source;
	bool has_summary;
	bool has_json;
};

static const struct option diff_options[] = {
	CONFIG_SOURCE_OPTION(diff_values, config_path),
	{OPTION_TEXT, 0, "from", "TIME", .offset = offsetof(struct diff_values, from),
         .help = "from when on: a date, a time (RFC 3339), or an age such as 7d (default: 1d)"},
	{OPTION_TEXT, 0, "until", "TIME", .offset = offsetof(struct diff_values, until),
         .help = "until when (default: now)"},
	{OPTION_TEXT, 0, "source", "NAME", .offset = offsetof(struct diff_values, source),
         .help = "only what this source changed"},
	{OPTION_FLAG, 0, "summary", .offset = offsetof(struct diff_values, has_summary),
         .help = "only how many"},
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct diff_values, has_json),
         .help = "one JSON object a difference and line"},
	{OPTION_END},
};

static const struct command_line diff_line = {
	"sekisho diff",
	"[options]",
	"Says what differs in the store between two times: what was added, changed, withdrawn. "
	"'sekisho history' shows what a change changed.",
	diff_options,
	NULL,
};

struct diff {
	bool has_summary;
	bool has_json;
	uint64_t counts[DIFFERENCE_WITHDRAWN + 1];
	struct buffer json;
};

static const struct {
	char sign;
	const char *name;
} kinds[] = {
	[DIFFERENCE_ADDED] = {'+', "added"},
	[DIFFERENCE_CHANGED] = {'~', "changed"},
	[DIFFERENCE_WITHDRAWN] = {'-', "withdrawn"},
};

static void print_text(enum store_difference difference, const struct vote *vote)
{
	char source[PROBLEM_TEXT_BYTES];

	report_printable(vote->record.source, source);
	(void)printf("%c ", kinds[difference].sign);
	vote_fields_print_subject(vote);
	(void)printf(" (%s", source);
	if (difference == DIFFERENCE_CHANGED)
		(void)printf(", version %" PRIu32, vote->version);
	if (difference == DIFFERENCE_WITHDRAWN)
		(void)printf(", %s", vote_end_name(vote->end));
	(void)fputs(")\n", stdout);
}

static void print_json(struct buffer *json, enum store_difference difference,
                       const struct vote *vote)
{
	buffer_clear(json);
	buffer_format(json, "{\"difference\":\"%s\",", kinds[difference].name);
	vote_fields_append_subject(json, vote);
	buffer_format(json, ",\"version\":%" PRIu32 ",\"collected\":", vote->version);
	vote_fields_append_time(json, vote->version_ns);
	if (difference == DIFFERENCE_WITHDRAWN) {
		buffer_format(json, ",\"state\":\"%s\",\"withdrawn\":", vote_end_name(vote->end));
		vote_fields_append_time(json, vote->withdrawn_ns);
	}
	buffer_append_text(json, "}\n");
	(void)fwrite(json->data, 1, json->size, stdout);
}

static int show(void *context, enum store_difference difference, const struct vote *vote)
{
	struct diff *diff = context;

	diff->counts[difference]++;
	if (diff->has_json && !diff->has_summary)
		print_json(&diff->json, difference, vote);
	else if (!diff->has_summary)
		print_text(difference, vote);
	return diff->json.failed ? -ENOMEM : 0;
}

static void print_counts(const struct diff *diff)
{
	if (!diff->has_json) {
		(void)printf("%s added, %s changed, %s withdrawn\n",
		             text_count(diff->counts[DIFFERENCE_ADDED]).text,
		             text_count(diff->counts[DIFFERENCE_CHANGED]).text,
		             text_count(diff->counts[DIFFERENCE_WITHDRAWN]).text);
	} else if (diff->has_summary) {
		(void)printf("{\"added\":%" PRIu64 ",\"changed\":%" PRIu64 ",\"withdrawn\":%" PRIu64
		             "}\n",
		             diff->counts[DIFFERENCE_ADDED], diff->counts[DIFFERENCE_CHANGED],
		             diff->counts[DIFFERENCE_WITHDRAWN]);
	}
}

static bool read_time(const char *text, int64_t now_ns, int64_t *ret_ns)
{
	if (text == NULL || time_argument_parse(text, now_ns, ret_ns) == 0)
		return true;
	options_complain(&diff_line, "'%s' is not a time", text);
	return false;
}

static int find_source(struct store *store, const char *name, uint32_t *ret_source_id)
{
	struct store_source source;
	int error = name != NULL ? store_source_get(store, name, &source) : 0;

	if (error == -ENOENT)
		log_error("the store has no source '%s'", name);
	else if (error < 0)
		log_error("looking for the source '%s': %s", name, store_error(store));
	else
		*ret_source_id = name != NULL ? source.source_id : 0;
	return error;
}

static int show_diff(const struct diff_values *values)
{
	AUTO(config) config = NULL;
	AUTO(store) store = NULL;
	struct diff diff = {.has_summary = values->has_summary, .has_json = values->has_json};
	int64_t now_ns = time_argument_now_ns();
	int64_t from_ns = now_ns - 86400 * NS_PER_S;
	int64_t until_ns = now_ns;
	uint32_t source_id;

	if (!read_time(values->from, now_ns, &from_ns) ||
	    !read_time(values->until, now_ns, &until_ns) ||
	    config_source_open(values->config_path, STORE_READ, &config, &store) < 0 ||
	    find_source(store, values->source, &source_id) < 0)
		return EXIT_FAILED;

	int error = store_diff(store, from_ns, until_ns, source_id, show, &diff);
	buffer_close(&diff.json);
	if (error < 0) {
		log_error("%s: %s", config->store_path,
		          error == -ENOMEM ? "out of memory" : store_error(store));
		return EXIT_FAILED;
	}
	print_counts(&diff);
	for (unsigned i = 0; i <= DIFFERENCE_WITHDRAWN; i++)
		if (diff.counts[i] > 0)
			return EXIT_FOUND;
	return EXIT_NOTHING;
}

static int run(int argc, char **argv)
{
	struct diff_values values = {0};

	switch (options_parse(&diff_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		return EXIT_FOUND;
	case OPTIONS_READ:
		return show_diff(&values);
	case OPTIONS_WRONG:
		break;
	}
	return EXIT_FAILED;
}

const struct command command_diff = {
	.name = "diff",
	.summary = "say what differs in the store between two times",
	.run = run,
};
