#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/database_source.h"
#include "app/indicator_print.h"
#include "app/options.h"
#include "base/json_text.h"
#include "base/log.h"
#include "engine/normalize.h"
#include "loader/loader.h"

enum { DEFANGED_BYTES = 2048 };

struct lookup_values {
	const char *database_path;
	const char **values; // owned; the texts are borrowed from argv
	size_t value_count;
	bool has_json;
};

static int add_value(void *context, const char *value)
{
	struct lookup_values *values = context;
	const char **grown = realloc(values->values, (values->value_count + 1) * sizeof(*grown));

	if (grown == NULL)
		return -ENOMEM;
	values->values = grown;
	grown[values->value_count++] = value;
	return 0;
}

static const struct option lookup_options[] = {
	{OPTION_TEXT, 'd', "database", "DB",
         .offset = offsetof(struct lookup_values, database_path),
         .help = "a database made by 'sekisho compile'"},
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct lookup_values, has_json),
         .help = "one JSON object a value"},
	{OPTION_END},
};

static const struct command_line lookup_line = {
	"sekisho lookup",
	"[options] -d DB VALUE...",
	"Says which indicators name a value: an address, a network (its first address), a name, a "
	"URL or a hash, defanged or not; - reads values from standard input, one a line.",
	lookup_options,
	add_value,
};

// What a look-up needs, and how it went so far.
struct lookup {
	const struct database *database;
	struct match_context *context;
	bool has_json;
	bool has_found;
	bool has_invalid;
	struct buffer json;
	char text[2 * URL_BYTES_MAX];
};

// What the match does, and who forbade more.
static void print_action(struct lookup *lookup, const struct match *match,
                         const struct observable *observable)
{
	struct indicator veto;
	char defanged[DEFANGED_BYTES];

	(void)printf("  action: %s%s\n", action_name(match->action),
	             match->is_vetoed ? " (drop vetoed)" : "");
	if (match->is_vetoed && match_is_vetoed(lookup->context, observable, &veto)) {
		normalize_defang(veto.value, defanged, sizeof(defanged));
		(void)printf("  vetoed_by: %s\n", defanged);
	}
	if (database_indicator_is_in_overlay(lookup->database, match->indicator_id))
		(void)printf("  part: overlay\n");
}

static void append_action(struct lookup *lookup, const struct match *match,
                          const struct observable *observable)
{
	struct buffer *json = &lookup->json;
	struct indicator veto;

	buffer_format(json, ",\"action\":\"%s\"", action_name(match->action));
	if (match->is_vetoed && match_is_vetoed(lookup->context, observable, &veto)) {
		buffer_append_text(json, ",\"vetoed\":true,\"vetoed_by\":");
		json_text_append(json, veto.value);
	}
	if (database_indicator_is_in_overlay(lookup->database, match->indicator_id))
		buffer_append_text(json, ",\"part\":\"overlay\"");
}

// What was asked for, and what it met.
struct answer {
	struct slice value;
	const struct observable *observables;
	const struct match *matches;
	unsigned match_count;
};

static void print_text(struct lookup *lookup, const struct answer *answer)
{
	struct indicator indicator;
	char refanged[URL_BYTES_MAX]; // a value may come defanged: no dot is bracketed twice
	char defanged[DEFANGED_BYTES];

	normalize_defang(slice_of(refanged, normalize_refang(answer->value, refanged)), defanged,
	                 sizeof(defanged));
	(void)printf("%s: %u indicators\n", defanged, answer->match_count);
	for (unsigned i = 0; i < answer->match_count; i++) {
		const struct match *match = &answer->matches[i];

		if (!database_indicator(lookup->database, match->indicator_id, &indicator))
			continue;
		(void)printf("- match: %s\n", match_kind_name(match->kind));
		print_action(lookup, match, &answer->observables[match->observable]);
		indicator_print_text(stdout, &indicator);
	}
}

static void print_json(struct lookup *lookup, const struct answer *answer)
{
	struct buffer *json = &lookup->json;
	struct indicator indicator;
	const char *separator = "";

	buffer_clear(json);
	buffer_append_text(json, "{\"value\":");
	json_text_append(json, answer->value);
	buffer_append_text(json, ",\"matches\":[");
	for (unsigned i = 0; i < answer->match_count; i++) {
		const struct match *match = &answer->matches[i];

		if (!database_indicator(lookup->database, match->indicator_id, &indicator))
			continue;
		buffer_format(json, "%s{\"match\":\"%s\"", separator, match_kind_name(match->kind));
		append_action(lookup, match, &answer->observables[match->observable]);
		indicator_append_json(json, &indicator);
		buffer_append_text(json, "}");
		separator = ",";
	}
	buffer_append_text(json, "]}\n");
	(void)fwrite(json->data, 1, json->size, stdout);
}

static void look_up(struct lookup *lookup, struct slice value)
{
	struct observable observables[2];
	const struct match *matches;

	value = slice_trim(value);
	int observable_count = loader_value_observables(value, lookup->text, observables);

	if (observable_count < 0) {
		log_error("%.*s: not an address, name, URL or hash", SLICE_FORMAT(value));
		lookup->has_invalid = true;
		return;
	}
	unsigned count = match_find(lookup->context, observables, (unsigned)observable_count,
	                            &matches);
	const struct answer answer = {value, observables, matches, count};
	if (lookup->has_json)
		print_json(lookup, &answer);
	else
		print_text(lookup, &answer);
	lookup->has_found |= count > 0;
}

static void look_up_lines(struct lookup *lookup, FILE *file)
{
	char *line = NULL;
	size_t capacity = 0;
	ssize_t size;

	while ((size = getline(&line, &capacity, file)) >= 0) {
		struct slice value = slice_trim(slice_of(line, (size_t)size));

		if (value.size > URL_BYTES_MAX) {
			log_error("standard input: a value is longer than %d bytes", URL_BYTES_MAX);
			lookup->has_invalid = true;
		} else if (value.size > 0) {
			look_up(lookup, value);
		}
	}
	free(line);
}

static int look_up_all(const struct lookup_values *values)
{
	AUTO(database) database = NULL;
	AUTO(match_context) context = NULL;
	struct lookup lookup = {.has_json = values->has_json};
	int error = database_source_open(values->database_path, &database);

	if (error < 0)
		return EXIT_FAILED;
	error = match_context_create(database, &context);
	if (error < 0) {
		log_error("preparing the look-up: %s", strerror(-error));
		return EXIT_FAILED;
	}
	lookup.database = database;
	lookup.context = context;
	for (size_t i = 0; i < values->value_count; i++) {
		if (strcmp(values->values[i], "-") == 0)
			look_up_lines(&lookup, stdin);
		else
			look_up(&lookup, slice_text(values->values[i]));
	}
	bool has_failed = lookup.has_invalid || lookup.json.failed;
	buffer_close(&lookup.json);
	if (has_failed)
		return EXIT_FAILED;
	return lookup.has_found ? EXIT_FOUND : EXIT_NOTHING;
}

static int run(int argc, char **argv)
{
	struct lookup_values values = {0};
	int status = EXIT_FAILED;

	switch (options_parse(&lookup_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		status = EXIT_FOUND;
		break;
	case OPTIONS_READ:
		if (values.database_path == NULL)
			options_complain(&lookup_line, "which database (-d DB)?");
		else if (values.value_count == 0)
			options_complain(&lookup_line, "which values?");
		else
			status = look_up_all(&values);
		break;
	case OPTIONS_WRONG:
		break;
	}
	free(values.values);
	return status;
}

const struct command command_lookup = {
	.name = "lookup",
	.summary = "say which indicators name a value",
	.run = run,
};
