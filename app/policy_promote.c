#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/person.h"
#include "app/policy_values.h"
#include "app/text.h"
#include "app/time_argument.h"
#include "app/vote_fields.h"
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/log.h"
#include "loader/store_figures.h"
#include "loader/store_history.h"

enum { WHY_BYTES = 128, DATE_BYTES = 11 };

static const int64_t day_ns = INT64_C(24) * 60 * 60 * NS_PER_S;

struct promotion {
	const struct policy_values *values;
	const struct config *config;
	struct store *store;
	struct judge *judge;
	struct policy_votes votes;
	struct buffer hits; // struct vote_hits of votes with any, in order of their ids
	uint64_t promoted, barred, blocked; // blocked: hits of those promoted

	// Of the vote at hand.
	bool is_to_be_changed;
	struct vote_hits evidence;
};

static int note_hits(void *context, const struct vote_hits *hits)
{
	struct promotion *promotion = context;
	uint64_t wanted = promotion->values->hits;

	buffer_append(&promotion->hits, hits, sizeof(*hits));
	if (promotion->hits.failed)
		return -ENOMEM;
	if (wanted == 0 || hits->count < wanted)
		return 0;
	return policy_votes_add(&promotion->votes, hits->vote_id);
}

static int compare_hits(const void *left, const void *right)
{
	const struct vote_hits *a = left;
	const struct vote_hits *b = right;

	return a->vote_id < b->vote_id ? -1 : a->vote_id > b->vote_id;
}

static int read_hits(struct promotion *promotion)
{
	int64_t from_ns = time_argument_now_ns() - (int64_t)promotion->values->days * day_ns;
	int error = store_hits_each(promotion->store, from_ns, note_hits, promotion);

	if (error == 0 && promotion->hits.size > 0)
		qsort(promotion->hits.data, promotion->hits.size / sizeof(struct vote_hits),
		      sizeof(struct vote_hits), compare_hits);
	return error;
}

static struct vote_hits hits_of(const struct promotion *promotion, uint64_t vote_id)
{
	const struct vote_hits none = {.vote_id = vote_id};
	const struct vote_hits *found = NULL;

	if (promotion->hits.size > 0)
		found = bsearch(&none, promotion->hits.data, promotion->hits.size / sizeof(none),
		                sizeof(none), compare_hits);
	return found != NULL ? *found : none;
}

static const char *date_of(int64_t time_ns, char ret_text[TIMESTAMP_TEXT_BYTES])
{
	timestamp_format(time_ns, 0, ret_text);
	ret_text[DATE_BYTES - 1] = '\0';
	return ret_text;
}

// Why the vote stays as it is; NULL: it would be dropped.
static const char *why_not(const struct promotion *promotion, const struct judgement *judgement)
{
	const char *barred = "it has no values";

	if (judgement->outcome == JUDGED_EXPIRED)
		return "past its validity";
	if (judgement->outcome == JUDGED_BENIGN)
		return "says what is known-benign";
	for (size_t i = 0; i < judgement->value_count; i++) {
		barred = policy_promotion_barred(promotion->config->policy, &judgement->values[i]);
		if (barred == NULL)
			return NULL;
	}
	return barred;
}

static void print_vote(const struct promotion *promotion, const struct vote *vote,
                       const struct judgement *judgement, const char *barred)
{
	const struct vote_hits *evidence = &promotion->evidence;
	char first[TIMESTAMP_TEXT_BYTES];
	char last[TIMESTAMP_TEXT_BYTES];

	vote_fields_print_subject(vote);
	(void)printf(": %s", action_name(judgement->action));
	if (evidence->count > 0)
		(void)printf(", %s hits from %s to %s", text_count(evidence->count).text,
		             date_of(evidence->first_ns, first), date_of(evidence->last_ns, last));
	else
		(void)printf(", no hits in %" PRIu64 " days", promotion->values->days);
	if (promotion->values->is_undone)
		(void)printf("; no longer promoted\n");
	else if (barred != NULL)
		(void)printf("; not to be dropped: %s\n", barred);
	else
		(void)printf("; %s\n", promotion->values->is_dry ? "would be dropped" : "promoted");
}

static int print_vote_json(const struct promotion *promotion, const struct vote *vote,
                           const struct judgement *judgement, const char *barred)
{
	struct buffer json = {};
	int error = 0;

	buffer_append_text(&json, "{");
	vote_fields_append_subject(&json, vote);
	buffer_format(&json, ",\"action\":\"%s\",\"hits\":%" PRIu64 ",\"promoted\":%s",
	              action_name(judgement->action), promotion->evidence.count,
	              barred == NULL && !promotion->values->is_undone ? "true" : "false");
	if (barred != NULL) {
		buffer_append_text(&json, ",\"barred_by\":");
		json_text_append(&json, slice_text(barred));
	}
	buffer_append_text(&json, "}\n");
	if (json.failed)
		error = -ENOMEM;
	else
		(void)fwrite(json.data, 1, json.size, stdout);
	buffer_close(&json);
	return error;
}

static int look_at_vote(void *context, const struct vote *vote)
{
	struct promotion *promotion = context;
	const struct policy_values *values = promotion->values;
	struct judgement judgement;
	const char *barred = NULL;
	int error = 0;

	promotion->is_to_be_changed = false;
	if (vote->end != VOTE_LIVE)
		return 0;
	error = judge_vote_settled(promotion->judge, vote, &judgement);
	if (error < 0)
		return error;
	if (values->hits > 0 && judgement.action == ACTION_DROP) // is dropped already
		return 0;
	if (!values->is_undone)
		barred = why_not(promotion, &judgement);
	promotion->is_to_be_changed = barred == NULL;
	promotion->barred += barred != NULL;
	if (values->has_json)
		return print_vote_json(promotion, vote, &judgement, barred);
	print_vote(promotion, vote, &judgement, barred);
	return 0;
}

static int change_vote(struct promotion *promotion, uint64_t vote_id)
{
	const struct policy_values *values = promotion->values;
	char who[PERSON_NAME_BYTES];
	char why[WHY_BYTES];

	promotion->promoted++;
	promotion->blocked += promotion->evidence.count;
	if (values->is_dry)
		return 0;
	person_name(who);
	(void)snprintf(why, sizeof(why), "%" PRIu64 " hits in %" PRIu64 " days",
	               promotion->evidence.count, values->days);
	return store_promote(promotion->store, vote_id, !values->is_undone, who,
	                     values->why != NULL ? values->why : why);
}

static int take_votes(struct promotion *promotion)
{
	const struct policy_values *values = promotion->values;
	int error = 0;

	for (size_t i = 0; i < values->operand_count && error == 0; i++) {
		size_t before = promotion->votes.count;

		error = store_history(promotion->store, slice_text(values->operands[i]),
		                      policy_votes_take, &promotion->votes);
		if (error == -ENOENT || (error == 0 && promotion->votes.count == before)) {
			log_warning("%s: not in the store", values->operands[i]);
			error = 0;
		}
	}
	if (error == 0)
		error = read_hits(promotion);
	policy_votes_sort(&promotion->votes);
	return error;
}

static int promote(struct promotion *promotion)
{
	int error = take_votes(promotion);

	for (size_t i = 0; i < promotion->votes.count && error == 0; i++) {
		uint64_t vote_id = promotion->votes.ids[i];

		promotion->evidence = hits_of(promotion, vote_id);
		error = store_vote_get(promotion->store, vote_id, look_at_vote, promotion);
		if (error == 0 && promotion->is_to_be_changed)
			error = change_vote(promotion, vote_id);
	}
	return error;
}

static void print_summary(const struct promotion *promotion)
{
	const struct policy_values *values = promotion->values;

	if (values->has_json)
		return;
	(void)printf("%s votes %s, %s hits would have been blocked; %s not to be dropped\n",
	             text_count(promotion->promoted).text,
	             values->is_undone ? "no longer promoted"
	             : values->is_dry  ? "to promote"
	                               : "promoted",
	             text_count(promotion->blocked).text, text_count(promotion->barred).text);
	if (promotion->promoted > 0 && !values->is_dry)
		(void)printf("'sekisho compile' takes it in\n");
}

int policy_promote(const struct policy_values *values)
{
	AUTO(config) config = NULL;
	AUTO(store) store = NULL;
	AUTO(judge) judge = NULL;
	struct promotion promotion = {.values = values};
	int error = config_source_open(values->config_path,
	                               values->is_dry ? STORE_READ : STORE_WRITE, &config, &store);

	if (error < 0)
		return EXIT_FAILED;
	error = policy_judge_create(config, store, &judge);
	promotion.config = config;
	promotion.store = store;
	promotion.judge = judge;
	if (error == 0)
		error = promote(&promotion);
	policy_votes_close(&promotion.votes);
	buffer_close(&promotion.hits);
	if (error < 0) {
		log_error("%s: %s", config->store_path, strerror(-error));
		return EXIT_FAILED;
	}
	print_summary(&promotion);
	return promotion.promoted > 0 ? EXIT_FOUND : EXIT_NOTHING;
}
