#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "app/config_source.h"
#include "app/policy_values.h"
#include "app/vote_fields.h"
#include "base/buffer.h"
#include "base/json_text.h"
#include "base/log.h"
#include "base/report.h"
#include "engine/normalize.h"
#include "loader/store_history.h"

enum { TEXT_BYTES = 1024 };

static const int64_t day_ns = INT64_C(24) * 60 * 60 * NS_PER_S;

static const char *const type_names[OBSERVABLE_TYPE_COUNT] = {"address", "name", "url", "hash"};

struct explanation {
	const struct policy_values *values;
	const struct config *config;
	struct store *store;
	struct judge *judge;
	struct buffer text;
	uint64_t told; // values
};

static const char *yes_or_no(bool is)
{
	return is ? "yes" : "no";
}

static const char *printable(struct slice text, char ret_text[PROBLEM_TEXT_BYTES])
{
	report_printable(text, ret_text);
	return ret_text;
}

static unsigned row_number(const struct policy *policy, const struct policy_row *row)
{
	return (unsigned)(row - policy->rows) + 1;
}

static void print_row(const struct policy *policy, const struct policy_row *row)
{
	if (row == NULL) {
		(void)printf("no row fits");
		return;
	}
	(void)printf("row %u '%s'", row_number(policy, row), row->name);
	if (row->line > 0)
		(void)printf(" (line %u)", row->line);
}

static void print_facts(const struct policy_facts *facts)
{
	char confidence[16] = "not told";
	char types[PROBLEM_TEXT_BYTES];

	if (facts->confidence != CONFIDENCE_NONE)
		(void)snprintf(confidence, sizeof(confidence), "%u", facts->confidence);
	(void)printf("    %s, TLP %s, reliability %u, confidence %s, %" PRId64 " days old\n",
	             type_names[facts->type], tlp_name(facts->tlp), facts->reliability, confidence,
	             facts->age_ns / day_ns);
	if (facts->threat_types.size > 0) {
		printable(facts->threat_types, types); // line ends become '?'
		for (char *end = types; (end = strchr(end, '?')) != NULL;)
			*end = ' ';
		(void)printf("    threat types: %s\n", types);
	}
	(void)printf(
		"    sources that name it: %u, posters: %u; known-benign: %s; promoted: %s%s\n",
		facts->source_count, facts->poster_count, yes_or_no(facts->is_known_benign),
		yes_or_no(facts->is_promoted), facts->is_prose ? "; found in free text" : "");
}

static void print_veto(const struct judged_value *judged)
{
	char value[TEXT_BYTES];
	char source[PROBLEM_TEXT_BYTES];
	char label[PROBLEM_TEXT_BYTES];

	if (!judged->facts.is_vetoed)
		return;
	normalize_defang(judged->veto.value, value, sizeof(value));
	(void)printf("    vetoed: %s is %s, says %s\n", value,
	             printable(judged->veto.labels, label),
	             judged->veto.is_source_hidden ? "a source that is not shown"
	                                           : printable(judged->veto.source, source));
}

// Rows that would drop: what does not fit of each, or which row comes before.
static void print_needed(const struct policy *policy, const struct judged_value *judged)
{
	const char *never = policy_why_no_drop(&judged->facts);

	if (never != NULL) {
		(void)printf("    no row can drop it: %s\n", never);
		return;
	}
	for (unsigned i = 0; i < policy->row_count; i++) {
		const struct policy_row *row = &policy->rows[i];
		uint32_t misfits = policy_row_misfits(row, &judged->facts);
		const char *separator = "";

		if (row->action != ACTION_DROP || row == judged->decision.row)
			continue;
		(void)printf("    for a drop by row %u '%s': ", i + 1, row->name);
		for (unsigned column = 0; column < POLICY_COLUMN_COUNT; column++) {
			if ((misfits >> column & 1) == 0)
				continue;
			(void)printf("%s%s", separator,
			             policy_column_name((enum policy_column)column));
			separator = ", ";
		}
		if (misfits != 0)
			(void)printf(" must fit\n");
		else
			(void)printf("it would have to come before row %u\n",
			             row_number(policy, judged->decision.row));
	}
}

static void print_value(struct explanation *explanation, const struct judged_value *judged)
{
	const struct policy *policy = explanation->config->policy;
	const struct policy_decision *decision = &judged->decision;
	char value[TEXT_BYTES];

	normalize_defang(buffer_slice(&explanation->text), value, sizeof(value));
	(void)printf("  %s: %s, by ", value, action_name(decision->action));
	print_row(policy, decision->row);
	(void)printf("\n");
	if (decision->lowered_by != NULL)
		(void)printf("    a drop, made an alert: %s\n", decision->lowered_by);
	print_veto(judged);
	print_facts(&judged->facts);
	if (decision->action != ACTION_DROP && decision->lowered_by == NULL)
		print_needed(policy, judged);
}

static void append_member(struct buffer *json, const char *key, struct slice value)
{
	buffer_format(json, ",\"%s\":", key);
	json_text_append(json, value);
}

static void append_facts(struct buffer *json, const struct policy_facts *facts)
{
	append_member(json, "type", slice_text(type_names[facts->type]));
	append_member(json, "tlp", slice_text(tlp_name(facts->tlp)));
	buffer_format(json, ",\"reliability\":%u", facts->reliability);
	if (facts->confidence != CONFIDENCE_NONE)
		buffer_format(json, ",\"confidence\":%u", facts->confidence);
	buffer_format(json, ",\"age_days\":%" PRId64 ",\"sources\":%u,\"posters\":%u",
	              facts->age_ns / day_ns, facts->source_count, facts->poster_count);
	buffer_format(json, ",\"known_benign\":%s,\"promoted\":%s,\"prose\":%s,\"vetoed\":%s",
	              facts->is_known_benign ? "true" : "false",
	              facts->is_promoted ? "true" : "false", facts->is_prose ? "true" : "false",
	              facts->is_vetoed ? "true" : "false");
}

static int print_value_json(struct explanation *explanation, const struct vote *vote,
                            const struct judgement *judgement, const struct judged_value *judged)
{
	const struct policy *policy = explanation->config->policy;
	const struct policy_decision *decision = &judged->decision;
	struct buffer json = {};
	int error = 0;

	buffer_format(&json, "{\"vote\":%" PRIu64, vote->vote_id);
	append_member(&json, "value", buffer_slice(&explanation->text));
	if (vote->record.id.size > 0)
		append_member(&json, "id", vote->record.id);
	if (!judgement->record.is_source_hidden)
		append_member(&json, "source", judgement->record.source);
	append_member(&json, "group", judgement->record.group);
	append_member(&json, "action", slice_text(action_name(decision->action)));
	if (decision->row != NULL) {
		buffer_format(&json, ",\"row\":%u", row_number(policy, decision->row));
		append_member(&json, "row_name", slice_text(decision->row->name));
	}
	if (decision->lowered_by != NULL)
		append_member(&json, "lowered_by", slice_text(decision->lowered_by));
	append_facts(&json, &judged->facts);
	if (judged->facts.is_vetoed) {
		append_member(&json, "veto_value", judged->veto.value);
		append_member(&json, "veto_reason", judged->veto.labels);
	}
	buffer_append_text(&json, "}\n");
	if (json.failed)
		error = -ENOMEM;
	else
		(void)fwrite(json.data, 1, json.size, stdout);
	buffer_close(&json);
	return error;
}

static void print_head(const struct vote *vote, const struct judgement *judgement)
{
	char source[PROBLEM_TEXT_BYTES];
	char group[PROBLEM_TEXT_BYTES];

	(void)printf("vote %" PRIu64 " ", vote->vote_id);
	vote_fields_print_subject(vote);
	(void)printf(" of %s", judgement->record.is_source_hidden
	                               ? "a source that is not shown"
	                               : printable(judgement->record.source, source));
	if (judgement->record.group.size > 0)
		(void)printf(", group %s", printable(judgement->record.group, group));
	if (judgement->outcome == JUDGED_EXPIRED)
		(void)printf(": past its validity, not compiled");
	if (judgement->outcome == JUDGED_BENIGN)
		(void)printf(": says what is known-benign, in the veto set");
	(void)printf("\n");
}

static int explain_vote(void *context, const struct vote *vote)
{
	struct explanation *explanation = context;
	struct judgement judgement;
	int error = 0;

	if (vote->end != VOTE_LIVE)
		return 0;
	error = judge_vote_settled(explanation->judge, vote, &judgement);
	if (error < 0)
		return error;
	if (!explanation->values->has_json)
		print_head(vote, &judgement);
	for (size_t i = 0; i < judgement.value_count && error == 0; i++) {
		buffer_clear(&explanation->text);
		judge_value_text(&judgement.values[i], &explanation->text);
		explanation->told++;
		if (explanation->values->has_json)
			error = print_value_json(explanation, vote, &judgement,
			                         &judgement.values[i]);
		else if (judgement.outcome != JUDGED_BENIGN)
			print_value(explanation, &judgement.values[i]);
	}
	return error;
}

static int explain_subject(struct explanation *explanation, const char *subject)
{
	struct policy_votes votes = {};
	uint64_t told = explanation->told;
	int error = store_history(explanation->store, slice_text(subject), policy_votes_take,
	                          &votes);

	if (error == 0 || error == -ENOENT)
		error = judge_find_covering(explanation->store, slice_text(subject),
		                            policy_votes_take, &votes);
	policy_votes_sort(&votes);
	for (size_t i = 0; i < votes.count && error == 0; i++)
		error = store_vote_get(explanation->store, votes.ids[i], explain_vote, explanation);
	policy_votes_close(&votes);
	if (error == 0 && told == explanation->told && !explanation->values->has_json)
		(void)printf("%s: no live vote names it\n", subject);
	return error;
}

int policy_explain(const struct policy_values *values)
{
	AUTO(config) config = NULL;
	AUTO(store) store = NULL;
	AUTO(judge) judge = NULL;
	struct explanation explanation = {.values = values};
	int error = config_source_open(values->config_path, STORE_READ, &config, &store);

	if (error < 0)
		return EXIT_FAILED;
	error = policy_judge_create(config, store, &judge);
	explanation.config = config;
	explanation.store = store;
	explanation.judge = judge;
	for (size_t i = 0; i < values->operand_count && error == 0; i++)
		error = explain_subject(&explanation, values->operands[i]);
	buffer_close(&explanation.text);
	if (error < 0) {
		log_error("%s: %s", config->store_path, strerror(-error));
		return EXIT_FAILED;
	}
	return explanation.told > 0 ? EXIT_FOUND : EXIT_NOTHING;
}
