#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/options.h"
#include "app/source_verbs.h"
#include "app/text.h"
#include "app/time_argument.h"
#include "base/json_text.h"
#include "loader/sync.h"

struct list_values {
	const char *config_path;
	bool has_json;
};

static const struct option list_options[] = {
	CONFIG_SOURCE_OPTION(list_values, config_path),
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct list_values, has_json),
         .help = "one JSON object a source and line"},
	{OPTION_END},
};

static const struct command_line list_line = {
	"sekisho source list",
	"[options]",
	"Lists the sources of the configuration: when each was last reached, what of it lives, "
	"when "
	"it is next fetched by 'sync --watch', and what went wrong last.",
	list_options,
	NULL,
};

// A source as it is configured, and what the store knows of it.
struct line {
	const struct source_config *source;
	struct store_source row;
	int64_t next_ns; // TIMESTAMP_MIN: as soon as possible
};

static int read_line(struct store *store, const struct source_config *source, struct line *ret_line)
{
	*ret_line = (struct line){
		.source = source,
		.row = {.last_success_ns = TIMESTAMP_MIN, .last_error = ""},
		.next_ns = TIMESTAMP_MIN,
	};
	if (store == NULL)
		return 0;
	int error = sync_next_run(store, source, time_argument_now_ns(), &ret_line->next_ns);
	if (error == 0)
		error = store_source_get(store, source->name, &ret_line->row);
	return error == -ENOENT ? 0 : error;
}

static const char *time_or(int64_t time_ns, const char *otherwise, char text[TIMESTAMP_TEXT_BYTES])
{
	if (time_ns == TIMESTAMP_MIN)
		return otherwise;
	timestamp_format(time_ns, 0, text);
	return text;
}

static void print_line(const struct line *line)
{
	const struct source_config *source = line->source;
	const char *error = line->row.last_error;
	char success[TIMESTAMP_TEXT_BYTES];
	char next[TIMESTAMP_TEXT_BYTES];

	(void)printf("%-20s %-9s %-12s %-12s %3u  %-20s %12s  %-20s %s\n", source->name,
	             source_kind_name(source->kind), source->group != NULL ? source->group : "-",
	             source_role_name(source->role), source->reliability,
	             time_or(line->row.last_success_ns, "never", success),
	             text_count(line->row.live).text,
	             source->is_enabled ? time_or(line->next_ns, "now", next) : "disabled",
	             error != NULL ? error : "");
}

static void append_text(struct buffer *json, const char *key, const char *text)
{
	buffer_format(json, ",\"%s\":", key);
	if (text != NULL)
		json_text_append(json, slice_text(text));
	else
		buffer_append_text(json, "null");
}

static void print_line_json(const struct line *line)
{
	const struct source_config *source = line->source;
	struct buffer json = {0};
	char success[TIMESTAMP_TEXT_BYTES];
	char next[TIMESTAMP_TEXT_BYTES];

	buffer_append_text(&json, "{\"name\":");
	json_text_append(&json, slice_text(source->name));
	append_text(&json, "kind", source_kind_name(source->kind));
	append_text(&json, "address", source->address);
	append_text(&json, "group", source->group);
	append_text(&json, "role", source_role_name(source->role));
	buffer_format(&json, ",\"reliability\":%u,\"is_enabled\":%s,\"live\":%" PRIu64,
	              source->reliability, source->is_enabled ? "true" : "false", line->row.live);
	append_text(&json, "last_success", time_or(line->row.last_success_ns, NULL, success));
	append_text(&json, "next_run", time_or(line->next_ns, NULL, next));
	append_text(&json, "last_error", line->row.last_error);
	buffer_append_text(&json, "}\n");
	if (!json.failed)
		(void)fwrite(json.data, 1, json.size, stdout);
	buffer_close(&json);
}

static int list(const struct list_values *values, const struct config *config, struct store *store)
{
	int error = 0;

	if (!values->has_json)
		(void)printf("%-20s %-9s %-12s %-12s %3s  %-20s %12s  %-20s %s\n", "NAME", "KIND",
		             "GROUP", "ROLE", "REL", "LAST SUCCESS", "LIVE", "NEXT", "LAST ERROR");
	for (unsigned i = 0; i < config->source_count && error == 0; i++) {
		struct line line;

		error = read_line(store, &config->sources[i], &line);
		if (error == 0 && values->has_json)
			print_line_json(&line);
		else if (error == 0)
			print_line(&line);
	}
	return error;
}

static int run(int argc, char **argv)
{
	struct list_values values = {0};
	enum options_outcome outcome = options_parse(&list_line, argc, argv, &values);
	AUTO(config) config = NULL;
	AUTO(store) store = NULL;

	if (outcome != OPTIONS_READ)
		return outcome == OPTIONS_HELP ? EXIT_FOUND : EXIT_FAILED;
	if (config_source_read(values.config_path, &config) < 0)
		return EXIT_FAILED;
	// Before the first sync there is nothing to know.
	if (access(config->store_path, F_OK) == 0 &&
	    config_source_store(config, STORE_READ, &store) < 0)
		return EXIT_FAILED;
	int error = list(&values, config, store);
	if (error == 0 && store != NULL)
		error = config_source_warn_left(config, store);
	return error < 0 ? EXIT_FAILED : EXIT_FOUND;
}

const struct command command_source_list = {
	.name = "list",
	.summary = "list them, and how they are",
	.run = run,
};
