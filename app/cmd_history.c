#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/options.h"
#include "app/vote_fields.h"
#include "base/json_text.h"
#include "base/log.h"
#include "engine/normalize.h"
#include "loader/store_history.h"

enum { TIME_DIGITS = 0 };

struct history_values {
	const char *config_path;
	const char *subject;
	bool has_json;
};

static int set_subject(void *context, const char *subject)
{
	struct history_values *values = context;

	if (values->subject != NULL)
		return -EEXIST;
	values->subject = subject;
	return 0;
}

static const struct option history_options[] = {
	CONFIG_SOURCE_OPTION(history_values, config_path),
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct history_values, has_json),
         .help = "one JSON object a version or event and line"},
	{OPTION_END},
};

static const struct command_line history_line = {
	"sekisho history",
	"[options] ID|VALUE",
	"Says what was known of an indicator, and since when: every version that each source gave, "
	"what it changed, when it was withdrawn and why, and what people decided.",
	history_options,
	set_subject,
};

// The walk: versions of a vote come one after the other, oldest first.
struct history {
	bool has_json;
	uint64_t vote_id; // the one before, 0: none
	uint64_t vote_count;
	struct arena arena; // texts of the version before
	struct vote_field before[VOTE_FIELD_COUNT];
	struct buffer json;
	struct store *store; // for the events
};

static void print_time(const char *label, int64_t time_ns)
{
	char text[TIMESTAMP_TEXT_BYTES];

	if (time_ns == TIMESTAMP_MIN || time_ns == TIMESTAMP_MAX)
		return;
	timestamp_format(time_ns, TIME_DIGITS, text);
	(void)printf("%s%s", label, text);
}

static void print_head(const struct vote *vote)
{
	char source[PROBLEM_TEXT_BYTES];

	vote_fields_print_subject(vote);
	report_printable(vote->record.source, source);
	(void)printf("\n  source %s, vote %" PRIu64 ": ", source, vote->vote_id);
	if (vote->end == VOTE_LIVE)
		(void)fputs("live", stdout);
	else
		(void)printf("%s", vote_end_name(vote->end));
	print_time(" since ", vote->end == VOTE_LIVE ? TIMESTAMP_MAX : vote->withdrawn_ns);
	print_time(", first seen ", vote->first_seen_ns);
	print_time(", last seen ", vote->last_seen_ns);
	(void)putchar('\n');
}

// All that is told of the first version, what differs of the others.
static void print_version(const struct history *history, const struct vote *vote,
                          const struct vote_field fields[VOTE_FIELD_COUNT], bool is_first)
{
	(void)printf("  version %" PRIu32, vote->version);
	print_time(", ", vote->version_ns);
	(void)fputs(":\n", stdout);
	for (unsigned i = 0; i < VOTE_FIELD_COUNT; i++) {
		if (is_first ? fields[i].text.size == 0
		             : slice_equal(fields[i].text, history->before[i].text))
			continue;
		(void)printf("    %s: ", fields[i].name);
		if (!is_first) {
			vote_fields_print(&history->before[i]);
			(void)fputs(" -> ", stdout);
		}
		vote_fields_print(&fields[i]);
		(void)putchar('\n');
	}
}

static void append_change(struct buffer *json, const struct vote_field *before,
                          const struct vote_field *field, const char *separator)
{
	buffer_format(json, "%s\"%s\":", separator, field->name);
	if (before != NULL) {
		buffer_append_text(json, "{\"from\":");
		json_text_append(json, before->text);
		buffer_append_text(json, ",\"to\":");
	}
	json_text_append(json, field->text);
	if (before != NULL)
		buffer_append_text(json, "}");
}

static void print_version_json(struct history *history, const struct vote *vote,
                               const struct vote_field fields[VOTE_FIELD_COUNT], bool is_first)
{
	struct buffer *json = &history->json;
	const char *separator = "";

	buffer_clear(json);
	buffer_append_text(json, "{\"type\":\"version\",");
	vote_fields_append_subject(json, vote);
	buffer_format(json,
	              ",\"version\":%" PRIu32 ",\"state\":\"%s\",\"collected\":", vote->version,
	              vote_end_name(vote->end));
	vote_fields_append_time(json, vote->version_ns);
	buffer_append_text(json, ",\"first_seen\":");
	vote_fields_append_time(json, vote->first_seen_ns);
	buffer_append_text(json, ",\"last_seen\":");
	vote_fields_append_time(json, vote->last_seen_ns);
	buffer_append_text(json, ",\"withdrawn\":");
	vote_fields_append_time(json, vote->withdrawn_ns);
	buffer_format(json, ",\"%s\":{", is_first ? "fields" : "changes");
	for (unsigned i = 0; i < VOTE_FIELD_COUNT; i++) {
		const struct vote_field *before = is_first ? NULL : &history->before[i];

		if (is_first ? fields[i].text.size == 0 : slice_equal(fields[i].text, before->text))
			continue;
		append_change(json, before, &fields[i], separator);
		separator = ",";
	}
	buffer_append_text(json, "}}\n");
	(void)fwrite(json->data, 1, json->size, stdout);
}

static void print_event(const struct store_event *event)
{
	char who[PROBLEM_TEXT_BYTES];
	char why[PROBLEM_TEXT_BYTES];

	report_printable(slice_text(event->who), who);
	report_printable(slice_text(event->why), why);
	(void)printf("  %s", event->what);
	print_time(", ", event->time_ns);
	(void)printf(" by %s%s%s\n", who, why[0] != '\0' ? ": " : "", why);
}

static int show_event(void *context, const struct store_event *event)
{
	struct history *history = context;
	struct buffer *json = &history->json;

	if (!history->has_json) {
		print_event(event);
		return 0;
	}
	buffer_clear(json);
	buffer_format(json, "{\"type\":\"event\",\"vote\":%" PRIu64 ",\"time\":", event->vote_id);
	vote_fields_append_time(json, event->time_ns);
	buffer_append_text(json, ",\"who\":");
	json_text_append(json, slice_text(event->who));
	buffer_append_text(json, ",\"what\":");
	json_text_append(json, slice_text(event->what));
	buffer_append_text(json, ",\"why\":");
	json_text_append(json, slice_text(event->why));
	buffer_append_text(json, "}\n");
	(void)fwrite(json->data, 1, json->size, stdout);
	return json->failed ? -ENOMEM : 0;
}

// What people and guards did with the vote that was shown last.
static int show_events(struct history *history)
{
	if (history->vote_id == 0)
		return 0;
	return store_event_each(history->store, TIMESTAMP_MIN, history->vote_id, show_event,
	                        history);
}

static int show_version(void *context, const struct vote *vote)
{
	struct history *history = context;
	struct vote_field fields[VOTE_FIELD_COUNT];
	struct arena arena = {0};
	bool is_first = vote->vote_id != history->vote_id;
	int error = is_first ? show_events(history) : 0;

	if (error == 0)
		error = vote_fields_read(vote, &arena, fields);
	if (error < 0) {
		arena_close(&arena);
		return error;
	}
	if (is_first && !history->has_json)
		print_head(vote);
	if (history->has_json)
		print_version_json(history, vote, fields, is_first);
	else
		print_version(history, vote, fields, is_first);
	history->vote_count += is_first;
	history->vote_id = vote->vote_id;
	memcpy(history->before, fields, sizeof(fields));
	arena_close(&history->arena);
	history->arena = arena;
	return history->json.failed ? -ENOMEM : 0;
}

static int show_history(const struct history_values *values)
{
	AUTO(config) config = NULL;
	AUTO(store) store = NULL;
	char refanged[URL_BYTES_MAX];
	struct slice subject = slice_trim(slice_text(values->subject));

	if (subject.size > sizeof(refanged)) {
		options_complain(&history_line, "that is longer than %zu bytes", sizeof(refanged));
		return EXIT_FAILED;
	}
	if (config_source_open(values->config_path, STORE_READ, &config, &store) < 0)
		return EXIT_FAILED;

	struct history history = {.has_json = values->has_json, .store = store};
	subject = slice_of(refanged, normalize_refang(subject, refanged));
	int error = store_history(store, subject, show_version, &history);
	if (error == 0)
		error = show_events(&history);
	arena_close(&history.arena);
	buffer_close(&history.json);
	if (error < 0 && error != -ENOENT) {
		log_error("%s: %s", config->store_path,
		          error == -ENOMEM ? "out of memory" : store_error(store));
		return EXIT_FAILED;
	}
	return history.vote_count > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

static int run(int argc, char **argv)
{
	struct history_values values = {0};

	switch (options_parse(&history_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		return EXIT_FOUND;
	case OPTIONS_READ:
		if (values.subject != NULL)
			return show_history(&values);
		options_complain(&history_line, "of which indicator (an id or a value)?");
		break;
	case OPTIONS_WRONG:
		break;
	}
	return EXIT_FAILED;
}

const struct command command_history = {
	.name = "history",
	.summary = "say what was known of an indicator, and what each version changed",
	.run = run,
};
