#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/policy_values.h"
#include "app/stop.h"
#include "app/text.h"
#include "app/time_argument.h"
#include "base/arena.h"
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/log.h"
#include "engine/normalize.h"
#include "loader/store_figures.h"

enum { TEXT_BYTES = 1024, CHANGE_COUNT = ACTION_COUNT * ACTION_COUNT };

static const int64_t day_ns = INT64_C(24) * 60 * 60 * NS_PER_S;

struct example {
	struct slice value; // in the arena
	const char *before; // names of rows
	const char *after;
};

// Values of one action that get another.
struct change {
	uint64_t values;
	uint64_t hits; // of their votes
	uint64_t votes_hit;
	struct buffer examples; // struct example
};

struct comparison {
	const struct policy_values *values;
	struct store *store;
	struct judge *judges[2];             // before, after
	struct change changes[CHANGE_COUNT]; // from * ACTION_COUNT + to
	struct arena arena;
	struct buffer text;
	uint64_t hit_count; // of the vote at hand
};

static const char *row_name(const struct judged_value *judged)
{
	return judged->decision.row != NULL ? judged->decision.row->name : "no row fits";
}

static int add_example(struct comparison *comparison, struct change *change,
                       const struct judged_value *before, const struct judged_value *after)
{
	struct example example = {.before = row_name(before), .after = row_name(after)};

	if (change->examples.size / sizeof(example) >= comparison->values->example_count)
		return 0;
	buffer_clear(&comparison->text);
	judge_value_text(before, &comparison->text);
	example.value = arena_copy(&comparison->arena, buffer_slice(&comparison->text));
	buffer_append(&change->examples, &example, sizeof(example));
	return comparison->text.failed || change->examples.failed || example.value.data == NULL
	               ? -ENOMEM
	               : 0;
}

// What is not compiled counts as ignored.
static enum action action_of(const struct judgement *judgement, size_t value)
{
	return judgement->outcome == JUDGED ? judgement->values[value].decision.action
	                                    : ACTION_IGNORE;
}

static int compare_values(struct comparison *comparison, const struct judgement *before,
                          const struct judgement *after)
{
	for (size_t i = 0; i < before->value_count && i < after->value_count; i++) {
		enum action from = action_of(before, i);
		enum action to = action_of(after, i);
		struct change *change = &comparison->changes[from * ACTION_COUNT + to];
		int error = 0;

		change->values++;
		if (from != to)
			error = add_example(comparison, change, &before->values[i],
			                    &after->values[i]);
		if (error < 0)
			return error;
	}
	return 0;
}

static int judge_both(struct comparison *comparison, const struct vote *vote,
                      struct judgement ret_judgements[2])
{
	int error = judge_vote_settled(comparison->judges[0], vote, &ret_judgements[0]);

	return error < 0 ? error
	                 : judge_vote_settled(comparison->judges[1], vote, &ret_judgements[1]);
}

static int compare_vote(void *context, const struct vote *vote)
{
	struct comparison *comparison = context;
	struct judgement judgements[2];
	int error = judge_both(comparison, vote, judgements);

	if (error == 0 && stop_signal() != 0)
		error = -ECANCELED;
	return error < 0 ? error : compare_values(comparison, &judgements[0], &judgements[1]);
}

// A hit's action is its vote's strongest.
static int compare_hit_vote(void *context, const struct vote *vote)
{
	struct comparison *comparison = context;
	struct judgement judgements[2];
	struct change *change;
	int error = vote->end == VOTE_LIVE ? judge_both(comparison, vote, judgements) : 0;

	if (error < 0 || vote->end != VOTE_LIVE)
		return error;
	change = &comparison->changes[judgements[0].action * ACTION_COUNT + judgements[1].action];
	change->hits += comparison->hit_count;
	change->votes_hit++;
	return 0;
}

static int compare_hits(void *context, const struct vote_hits *hits)
{
	struct comparison *comparison = context;
	int error;

	comparison->hit_count = hits->count;
	error = store_vote_get(comparison->store, hits->vote_id, compare_hit_vote, comparison);
	return error == -ENOENT ? 0 : error;
}

static bool is_change(unsigned index)
{
	return index / ACTION_COUNT != index % ACTION_COUNT;
}

static void print_examples(const struct change *change)
{
	const struct example *examples = (const struct example *)change->examples.data;
	size_t count = change->examples.size / sizeof(*examples);

	for (size_t i = 0; i < count; i++) {
		char value[TEXT_BYTES];

		normalize_defang(examples[i].value, value, sizeof(value));
		(void)printf("    %s: '%s' -> '%s'\n", value, examples[i].before,
		             examples[i].after);
	}
	if (count > 0 && count < change->values)
		(void)printf("    and %s more\n", text_count(change->values - count).text);
}

static bool print_changes(const struct comparison *comparison)
{
	uint64_t unchanged = 0;
	bool has_changes = false;

	for (unsigned i = 0; i < CHANGE_COUNT; i++) {
		const struct change *change = &comparison->changes[i];

		if (!is_change(i))
			unchanged += change->values;
		if (!is_change(i) || change->values + change->hits == 0)
			continue;
		has_changes = true;
		(void)printf("  %s -> %s: %s values; %s hits of %s votes in %" PRIu64 " days\n",
		             action_name((enum action)(i / ACTION_COUNT)),
		             action_name((enum action)(i % ACTION_COUNT)),
		             text_count(change->values).text, text_count(change->hits).text,
		             text_count(change->votes_hit).text, comparison->values->days);
		print_examples(change);
	}
	(void)printf("  unchanged: %s values\n", text_count(unchanged).text);
	return has_changes;
}

static void append_examples(struct buffer *json, const struct change *change)
{
	const struct example *examples = (const struct example *)change->examples.data;

	buffer_append_text(json, ",\"examples\":[");
	for (size_t i = 0; i < change->examples.size / sizeof(*examples); i++) {
		buffer_format(json, "%s{\"value\":", i > 0 ? "," : "");
		json_text_append(json, examples[i].value);
		buffer_append_text(json, ",\"row_before\":");
		json_text_append(json, slice_text(examples[i].before));
		buffer_append_text(json, ",\"row_after\":");
		json_text_append(json, slice_text(examples[i].after));
		buffer_append_text(json, "}");
	}
	buffer_append_text(json, "]");
}

static int print_json(const struct comparison *comparison, bool *ret_has_changes)
{
	struct buffer json = {};
	int error = 0;

	buffer_format(&json, "{\"days\":%" PRIu64 ",\"changes\":[", comparison->values->days);
	for (unsigned i = 0; i < CHANGE_COUNT; i++) {
		const struct change *change = &comparison->changes[i];

		if (!is_change(i) || change->values + change->hits == 0)
			continue;
		buffer_format(&json, "%s{\"from\":\"%s\",\"to\":\"%s\"",
		              *ret_has_changes ? "," : "",
		              action_name((enum action)(i / ACTION_COUNT)),
		              action_name((enum action)(i % ACTION_COUNT)));
		buffer_format(&json,
		              ",\"values\":%" PRIu64 ",\"hits\":%" PRIu64 ",\"votes_hit\":%" PRIu64,
		              change->values, change->hits, change->votes_hit);
		append_examples(&json, change);
		buffer_append_text(&json, "}");
		*ret_has_changes = true;
	}
	buffer_append_text(&json, "]}\n");
	if (json.failed)
		error = -ENOMEM;
	else
		(void)fwrite(json.data, 1, json.size, stdout);
	buffer_close(&json);
	return error;
}

static int compare(struct comparison *comparison, const struct config *configs[2])
{
	int64_t now_ns = time_argument_now_ns();
	int64_t from_ns = now_ns - (int64_t)comparison->values->days * day_ns;
	int error = 0;

	for (unsigned i = 0; i < 2 && error == 0; i++)
		error = judge_create(
			&(struct judge_options){
				.store = comparison->store,
				.config = configs[i],
				.now_ns = now_ns,
			},
			NULL, &comparison->judges[i]);
	if (error == 0)
		error = store_vote_each(comparison->store, compare_vote, comparison);
	if (error == 0)
		error = store_hits_each(comparison->store, from_ns, compare_hits, comparison);
	return error;
}

static void close_comparison(struct comparison *comparison)
{
	for (unsigned i = 0; i < CHANGE_COUNT; i++)
		buffer_close(&comparison->changes[i].examples);
	for (unsigned i = 0; i < 2; i++)
		judge_free(comparison->judges[i]);
	arena_close(&comparison->arena);
	buffer_close(&comparison->text);
}

int policy_diff(const struct policy_values *values)
{
	AUTO(config) config = NULL;
	AUTO(config) other = NULL;
	AUTO(store) store = NULL;
	struct comparison comparison = {.values = values};
	bool has_changes = false;
	int error = config_source_open(values->config_path, STORE_READ, &config, &store);

	if (error == 0)
		error = config_source_read(values->operands[0], &other);
	if (error < 0)
		return EXIT_FAILED;
	comparison.store = store;
	error = compare(&comparison, (const struct config *[2]){config, other});
	if (error == 0 && values->has_json)
		error = print_json(&comparison, &has_changes);
	else if (error == 0)
		has_changes = print_changes(&comparison);
	else if (error != -ECANCELED)
		log_error("%s: %s", config->store_path, strerror(-error));
	close_comparison(&comparison);
	if (error < 0)
		return EXIT_FAILED;
	return has_changes ? EXIT_FOUND : EXIT_NOTHING;
}
