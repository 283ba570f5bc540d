#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/options.h"
#include "app/person.h"
#include "app/vote_fields.h"
#include "base/json_text.h"
#include "base/log.h"
#include "engine/normalize.h"
#include "loader/store_review.h"

enum { SHOWN_BYTES = 1024, TIME_DIGITS = 0 };

struct review_values {
	const char *config_path;
	bool has_json;
	bool has_accepted;
	bool has_rejected;
	uint64_t *ids; // owned
	size_t id_count;
};

static const struct option list_options[] = {
	CONFIG_SOURCE_OPTION(review_values, config_path),
	{OPTION_FLAG, 0, "accepted", .offset = offsetof(struct review_values, has_accepted),
         .help = "show what was accepted instead"},
	{OPTION_FLAG, 0, "rejected", .offset = offsetof(struct review_values, has_rejected),
         .help = "show what was rejected instead"},
	{OPTION_FLAG, 0, "json", .offset = offsetof(struct review_values, has_json),
         .help = "one JSON object an item and line"},
	{OPTION_END},
};

static const struct command_line list_line = {
	"sekisho review list",
	"[options]",
	"Lists what a person should look at: deliveries and values that a guard stopped, what "
	"members "
	"list and is not applied here, what is applied here and was withdrawn upstream.",
	list_options,
	NULL,
};

struct listing {
	struct store *store;
	bool has_json;
	uint64_t count;
	struct buffer json;
	uint32_t source_id; // whose name is wanted
	char source[PROBLEM_TEXT_BYTES];
};

static const char *const state_names[] = {
	[REVIEW_OPEN] = "open", [REVIEW_ACCEPTED] = "accepted", [REVIEW_REJECTED] = "rejected"};

static int note_source(void *context, const struct store_source *source)
{
	struct listing *listing = context;

	if (source->source_id == listing->source_id)
		(void)snprintf(listing->source, sizeof(listing->source), "%s", source->name);
	return 0;
}

// The name of the item's source into listing->source: "" where there is none.
static int find_source(struct listing *listing, uint32_t source_id)
{
	if (source_id == listing->source_id && listing->count > 0)
		return 0;
	listing->source_id = source_id;
	listing->source[0] = '\0';
	return source_id != 0 ? store_source_each(listing->store, note_source, listing) : 0;
}

static void print_item(const struct listing *listing, const struct review *review)
{
	char subject[SHOWN_BYTES];
	char reason[PROBLEM_TEXT_BYTES];
	char source[PROBLEM_TEXT_BYTES];
	char time[TIMESTAMP_TEXT_BYTES];

	if (review->kind == REVIEW_DELIVERY)
		report_printable(slice_text(review->subject), subject);
	else
		normalize_defang(slice_text(review->subject), subject, sizeof(subject));
	report_printable(slice_text(review->reason), reason);
	report_printable(slice_text(listing->source), source);
	timestamp_format(review->time_ns, TIME_DIGITS, time);
	(void)printf("%" PRIu64 "  %s  %s  %s\n    %s", review->review_id,
	             review_kind_name(review->kind), source[0] != '\0' ? source : "-", subject,
	             reason);
	(void)printf(" (since %s, %" PRIu64 " times)\n", time, review->count);
	if (review->state == REVIEW_OPEN)
		return;
	report_printable(slice_text(review->decided_by), reason);
	timestamp_format(review->decided_ns, TIME_DIGITS, time);
	(void)printf("    %s by %s, %s\n", state_names[review->state], reason, time);
}

static void print_item_json(struct listing *listing, const struct review *review)
{
	struct buffer *json = &listing->json;

	buffer_clear(json);
	buffer_format(json, "{\"review\":%" PRIu64 ",\"kind\":\"%s\",\"state\":\"%s\",\"subject\":",
	              review->review_id, review_kind_name(review->kind),
	              state_names[review->state]);
	json_text_append(json, slice_text(review->subject));
	buffer_append_text(json, ",\"source\":");
	json_text_append(json, slice_text(listing->source));
	buffer_append_text(json, ",\"reason\":");
	json_text_append(json, slice_text(review->reason));
	buffer_append_text(json, ",\"since\":");
	vote_fields_append_time(json, review->time_ns);
	buffer_format(json, ",\"count\":%" PRIu64, review->count);
	if (review->vote_id != 0)
		buffer_format(json, ",\"vote\":%" PRIu64, review->vote_id);
	if (review->state != REVIEW_OPEN) {
		buffer_append_text(json, ",\"decided_by\":");
		json_text_append(json, slice_text(review->decided_by));
		buffer_append_text(json, ",\"decided\":");
		vote_fields_append_time(json, review->decided_ns);
	}
	buffer_append_text(json, "}\n");
	(void)fwrite(json->data, 1, json->size, stdout);
}

static int show(void *context, const struct review *review)
{
	struct listing *listing = context;
	int error = find_source(listing, review->source_id);

	if (error < 0)
		return error;
	listing->count++;
	if (listing->has_json)
		print_item_json(listing, review);
	else
		print_item(listing, review);
	return listing->json.failed ? -ENOMEM : 0;
}

static int list(const struct review_values *values)
{
	AUTO(config) config = NULL;
	AUTO(store) store = NULL;
	struct listing listing = {.has_json = values->has_json};
	enum review_state state = values->has_accepted   ? REVIEW_ACCEPTED
	                          : values->has_rejected ? REVIEW_REJECTED
	                                                 : REVIEW_OPEN;

	if (config_source_open(values->config_path, STORE_READ, &config, &store) < 0)
		return EXIT_FAILED;
	listing.store = store;
	int error = store_review_each(store, state, show, &listing);
	buffer_close(&listing.json);
	if (error < 0) {
		log_error("%s: %s", config->store_path,
		          error == -ENOMEM ? "out of memory" : store_error(store));
		return EXIT_FAILED;
	}
	return listing.count > 0 ? EXIT_FOUND : EXIT_NOTHING;
}

static int run_list(int argc, char **argv)
{
	struct review_values values = {0};

	switch (options_parse(&list_line, argc, argv, &values)) {
	case OPTIONS_HELP:
		return EXIT_FOUND;
	case OPTIONS_READ:
		return list(&values);
	case OPTIONS_WRONG:
		break;
	}
	return EXIT_FAILED;
}

static int add_id(void *context, const char *text)
{
	struct review_values *values = context;
	char *end;

	errno = 0;
	uint64_t id = strtoull(text, &end, 10);
	if (errno != 0 || *end != '\0' || text[0] < '0' || text[0] > '9')
		return -EINVAL;
	uint64_t *grown = realloc(values->ids, (values->id_count + 1) * sizeof(*grown));
	if (grown == NULL)
		return -ENOMEM;
	values->ids = grown;
	grown[values->id_count++] = id;
	return 0;
}

static const struct option decide_options[] = {
	CONFIG_SOURCE_OPTION(review_values, config_path),
	{OPTION_END},
};

static const struct command_line accept_line = {
	"sekisho review accept",
	"[options] NUMBER...",
	"Accepts items of the queue: a held delivery passes when it next comes, a stopped value is "
	"taken from then on, a value that members list is promoted to a drop.",
	decide_options,
	add_id,
};

static const struct command_line reject_line = {
	"sekisho review reject",
	"[options] NUMBER...",
	"Rejects items of the queue: they stay out, and are not asked about again.",
	decide_options,
	add_id,
};

// Tells why, and whether it went well.
static bool decide_one(struct store *store, uint64_t id, enum review_state state, const char *who)
{
	int error = store_review_decide(store, id, state, who);

	if (error == -ENOENT)
		log_error("there is no item %" PRIu64, id);
	else if (error == -EALREADY)
		log_error("item %" PRIu64 " is decided already", id);
	else if (error < 0)
		log_error("item %" PRIu64 ": %s", id, store_error(store));
	return error == 0;
}

static int decide(const struct review_values *values, enum review_state state)
{
	AUTO(config) config = NULL;
	AUTO(store) store = NULL;
	char who[PERSON_NAME_BYTES];
	int status = EXIT_FOUND;

	if (config_source_open(values->config_path, STORE_WRITE, &config, &store) < 0)
		return EXIT_FAILED;
	person_name(who);
	for (size_t i = 0; i < values->id_count; i++)
		if (!decide_one(store, values->ids[i], state, who))
			status = EXIT_FAILED;
	return status;
}

static int run_decide(const struct command_line *line, enum review_state state, int argc,
                      char **argv)
{
	struct review_values values = {0};
	int status = EXIT_FAILED;

	switch (options_parse(line, argc, argv, &values)) {
	case OPTIONS_HELP:
		status = EXIT_FOUND;
		break;
	case OPTIONS_READ:
		if (values.id_count == 0)
			options_complain(line, "which items ('sekisho review list' numbers them)?");
		else
			status = decide(&values, state);
		break;
	case OPTIONS_WRONG:
		break;
	}
	free(values.ids);
	return status;
}

static int run_accept(int argc, char **argv)
{
	return run_decide(&accept_line, REVIEW_ACCEPTED, argc, argv);
}

static int run_reject(int argc, char **argv)
{
	return run_decide(&reject_line, REVIEW_REJECTED, argc, argv);
}

static const struct command review_list = {
	.name = "list", .summary = "list what a person should look at", .run = run_list};
static const struct command review_accept = {
	.name = "accept", .summary = "let items of the queue through", .run = run_accept};
static const struct command review_reject = {
	.name = "reject", .summary = "keep items of the queue out", .run = run_reject};
static const struct command *const review_commands[] = {
	&review_list,
	&review_accept,
	&review_reject,
	NULL,
};

const struct command command_review = {
	.name = "review",
	.summary = "decide what guards held, and what members list",
	.nested = review_commands,
};
