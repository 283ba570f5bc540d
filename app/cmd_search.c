#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/database_source.h"
#include "app/indicator_print.h"
#include "app/options.h"
#include "app/time_argument.h"
#include "base/log.h"
#include "engine/normalize.h"
#include "engine/search.h"

enum { LIMIT_FALLBACK = 100, PART_BYTES_MAX = URL_BYTES_MAX };

struct search_values {
	const char *config_path;
	const char *database_path;
	const char *part;
	const char *id;
	const char *source;
	const char *group;
	const char *since;
	const char *until;
	uint64_t limit;
	bool has_json;
};

static int set_part(void *context, const char *part)
{
	struct search_values *values = context;

	if (values->part != NULL)
		return -EEXIST;
	values->part = part;
	return 0;
}

static const struct option search_options[] = {
	CONFIG_SOURCE_OPTION(search_values, config_path),
	{OPTION_TEXT, 'd', "database", "DB",
         .offset = offsetof(struct search_values, database_path),
         .help = "search this database, not the configuration's"},
	{OPTION_TEXT, 0, "id", "ID", .offset = offsetof(struct search_values, id),
         .help = "only the indicator with this STIX id"},
	{OPTION_TEXT, 0, "source", "NAME", .offset = offsetof(struct search_values, source),
         .help = "only those of this source"},
	{OPTION_TEXT, 0, "group", "NAME", .offset = offsetof(struct search_values, group),
         .help = "only those of this feed group"},
	{OPTION_TEXT, 0, "since", "TIME", .offset = offsetof(struct search_values, since),
         .help = "only those modified since: a date, a time (RFC 3339), or an age such as 7d"},
	{OPTION_TEXT, 0, "until", "TIME", .offset = offsetof(struct search_values, until),
         .help = "only those modified before"},
	{OPTION_NUMBER, 0, "limit", "N", .offset = offsetof(struct search_values, limit), .min = 1,
         .max = UINT32_MAX, .help = "at most N; 100 when not given"},
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct search_values, has_json),
         .help = "one JSON object an indicator and line"},
	{OPTION_END},
};

static const struct command_line search_line = {
	"sekisho search",
	"[options] [PART]",
	"Finds indicators whose value (pattern or list entry) has PART in it, defanged or not, in "
	"any case; narrowed by id, source, group and time. 'sekisho lookup' asks the other way "
	"round: what would meet this value?",
	search_options,
	set_part,
};

// What the walk over the database needs.
struct search {
	uint64_t shown;
	uint64_t limit;
	bool has_json;
	bool has_more;
	struct buffer json;
};

static void print_json(struct search *search, const struct indicator *indicator)
{
	struct buffer *json = &search->json;

	buffer_clear(json);
	buffer_append_text(json, "{\"type\":\"indicator\"");
	buffer_format(json, ",\"action\":\"%s\"", action_name(indicator->action));
	indicator_append_json(json, indicator);
	buffer_append_text(json, "}\n");
	(void)fwrite(json->data, 1, json->size, stdout);
}

static bool show(void *context, uint32_t indicator_id, const struct indicator *indicator)
{
	struct search *search = context;

	if (search->shown == search->limit) {
		search->has_more = true;
		return false;
	}
	search->shown++;
	if (search->has_json) {
		print_json(search, indicator);
	} else {
		(void)printf("%" PRIu32 "\n  action: %s\n", indicator_id,
		             action_name(indicator->action));
		indicator_print_text(stdout, indicator);
	}
	return !search->json.failed;
}

static int search_database(const struct database *database, const struct search_query *query,
                           const struct search_values *values)
{
	struct search search = {.limit = values->limit, .has_json = values->has_json};

	(void)database_search(database, query, show, &search);
	bool has_failed = search.json.failed;
	buffer_close(&search.json);
	if (has_failed) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	if (search.has_more)
		log_warning("there are more than %" PRIu64 ": --limit shows further ones",
		            search.limit);
	return search.shown > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

static bool read_time(const char *text, int64_t fallback_ns, int64_t *ret_ns)
{
	*ret_ns = fallback_ns;
	if (text == NULL || time_argument_parse(text, time_argument_now_ns(), ret_ns) == 0)
		return true;
	options_complain(&search_line, "'%s' is not a time", text);
	return false;
}

static int open_database(const struct search_values *values, struct database **ret_database)
{
	AUTO(config) config = NULL;

	if (values->database_path != NULL)
		return database_source_open(values->database_path, ret_database);
	int error = config_source_read(values->config_path, &config);
	return error < 0 ? error : database_source_open(config->database_path, ret_database);
}

static int search(const struct search_values *values)
{
	char part[PART_BYTES_MAX];
	AUTO(database) database = NULL;
	struct search_query query = {
		.id = slice_text(values->id),
		.source = slice_text(values->source),
		.group = slice_text(values->group),
	};
	struct slice typed = slice_trim(slice_text(values->part));

	if (!read_time(values->since, TIMESTAMP_MIN, &query.since_ns) ||
	    !read_time(values->until, TIMESTAMP_MAX, &query.until_ns))
		return EXIT_FAILED;
	if (typed.size > sizeof(part)) {
		options_complain(&search_line, "PART is longer than %zu bytes", sizeof(part));
		return EXIT_FAILED;
	}
	query.part = slice_of(part, normalize_refang(typed, part));
	if (open_database(values, &database) < 0)
		return EXIT_FAILED;
	return search_database(database, &query, values);
}

static int run(int argc, char **argv)
{
	struct search_values values = {.limit = LIMIT_FALLBACK};

	switch (options_parse(&search_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		return EXIT_FOUND;
	case OPTIONS_READ:
		return search(&values);
	case OPTIONS_WRONG:
		break;
	}
	return EXIT_FAILED;
}

const struct command command_search = {
	.name = "search",
	.summary = "find indicators by a part of their value, id, source or time",
	.run = run,
};
