#include "loader/judge.h"

#include <errno.h>
#include <stdlib.h>

#include "base/hash.h"
#include "engine/build.h"
#include "loader/compile_objects.h"
#include "loader/intake_value.h"
#include "loader/judge_counts.h"
#include "loader/judge_sources.h"
#include "loader/judge_veto.h"
#include "loader/store_figures.h"
#include "loader/store_select.h"
#include "loader/value_code.h"

// Of values asked for one by one, the last ones: many votes may name the same few values, and each
// count walks all votes of its value.
enum { COUNTED_VALUES = 1 << 14 };

struct counted_value {
	uint64_t hash;
	struct judge_count count;
	bool is_counted;
};

struct judge {
	struct judge_options options;
	const struct policy *policy;
	struct judge_sources sources;
	struct judge_veto *veto;
	struct judge_counts counts;    // unless options.is_single
	struct counted_value *counted; // if options.is_single: by the low bits of the hash
	struct judge_ids promoted;
	struct slice *tags; // of each row of the policy, joined
	struct arena tag_arena;
	bool looks_at_known_benign;
	bool looks_at_counts; // of sources or posters

	// For judge_vote_settled(), when first asked.
	struct build *scratch;
	struct compile_objects *objects;

	// Of the vote at hand.
	struct block values;  // struct judged_value, pointing into `decoded`
	struct block decoded; // struct intake_value
	struct block namings; // struct judge_naming, of one value
};

static int join_tags(struct judge *judge, const struct policy_row *row, struct slice *ret_tags)
{
	struct buffer joined = {};
	int error = 0;

	for (unsigned i = 0; i < row->tag_count; i++) {
		if (i > 0)
			buffer_append_byte(&joined, '\n');
		buffer_append_text(&joined, row->tags[i]);
	}
	*ret_tags = arena_copy(&judge->tag_arena, buffer_slice(&joined));
	if (joined.failed || ret_tags->data == NULL)
		error = -ENOMEM;
	buffer_close(&joined);
	return error;
}

static int join_all_tags(struct judge *judge)
{
	const struct policy *policy = judge->policy;
	int error = 0;

	arena_close(&judge->tag_arena);
	free(judge->tags);
	judge->tags = calloc(policy->row_count + 1, sizeof(*judge->tags));
	if (judge->tags == NULL)
		return -ENOMEM;
	for (unsigned i = 0; i < policy->row_count && error == 0; i++)
		error = join_tags(judge, &policy->rows[i], &judge->tags[i]);
	return error;
}

static int add_id(void *context, uint64_t vote_id)
{
	return judge_ids_add(context, vote_id);
}

// Only what some row asks for is counted.
static int read_counts(struct judge *judge)
{
	struct store *store = judge->options.store;
	struct judge_ids expired = {};
	const struct judge_count_options options = {
		.store = store,
		.sources = &judge->sources,
		.known_benign = judge_veto_known_benign(judge->veto),
		.expired = &expired,
	};
	int error = 0;

	if (!judge->looks_at_counts && !judge->looks_at_known_benign)
		return 0;
	if (judge->looks_at_counts)
		error = store_select_expired(store, judge->options.now_ns, add_id, &expired);
	if (error == 0)
		error = judge_counts_read(&options, &judge->counts);
	judge_ids_close(&expired);
	return error;
}

static int open_veto(struct judge *judge, struct report *report)
{
	const struct judge_veto_options options = {
		.store = judge->options.store,
		.config = judge->options.config,
		.sources = &judge->sources,
	};

	if (judge->options.base != NULL)
		return judge_veto_of(judge->options.base, &judge->veto);
	return judge_veto_make(&options, report, &judge->veto);
}

int judge_set_policy(struct judge *judge, const struct policy *policy)
{
	judge->policy = policy;
	judge->looks_at_known_benign = policy_looks_at(policy, POLICY_KNOWN_BENIGN);
	judge->looks_at_counts = policy_looks_at(policy, POLICY_SOURCE_COUNT) ||
	                         policy_looks_at(policy, POLICY_POSTER_COUNT);
	int error = join_all_tags(judge);
	if (error == 0 && !judge->options.is_single) {
		judge_counts_close(&judge->counts);
		error = read_counts(judge);
	}
	return error;
}

int judge_create(const struct judge_options *options, struct report *report,
                 struct judge **ret_judge)
{
	AUTO(judge) judge = calloc(1, sizeof(*judge));
	const struct policy *policy = options->policy;
	int error;

	if (judge == NULL)
		return -ENOMEM;
	judge->options = *options;
	if (options->is_single) {
		judge->counted = calloc(COUNTED_VALUES, sizeof(*judge->counted));
		if (judge->counted == NULL)
			return -ENOMEM;
	}
	error = judge_sources_read(options->store, options->config, &judge->sources);
	if (error == 0)
		error = open_veto(judge, report);
	if (error == 0)
		error = store_promoted_each(options->store, add_id, &judge->promoted);
	judge_ids_sort(&judge->promoted);
	if (error == 0)
		error = judge_set_policy(judge, policy != NULL ? policy : options->config->policy);
	if (error == 0)
		*ret_judge = TAKE(judge);
	return error;
}

void judge_free(struct judge *judge)
{
	if (judge == NULL)
		return;
	compile_objects_free(judge->objects);
	build_free(judge->scratch);
	judge_sources_close(&judge->sources);
	judge_veto_free(judge->veto);
	judge_counts_close(&judge->counts);
	judge_ids_close(&judge->promoted);
	arena_close(&judge->tag_arena);
	free(judge->tags);
	free(judge->counted);
	block_close(&judge->values);
	block_close(&judge->decoded);
	block_close(&judge->namings);
	free(judge);
}

const struct database *judge_veto_set(const struct judge *judge)
{
	return judge_veto_database(judge->veto);
}

struct slice judge_source_name(const struct judge *judge, uint32_t source_id)
{
	return judge_sources_get(&judge->sources, source_id)->name;
}

// ---- counts of one value -----------------------------------------------------------------------

struct single_count {
	struct judge *judge;
	bool is_known_benign;
};

static int take_naming(void *context, const struct vote *vote)
{
	struct single_count *single = context;
	struct judge *judge = single->judge;
	const struct judge_source *source = judge_sources_get(&judge->sources, vote->source_id);
	struct slice creator = vote->record.created_by;
	struct judge_naming *naming;
	uint64_t hash;

	if (source->role == SOURCE_KNOWN_BENIGN || vote->is_known_benign) {
		single->is_known_benign = true;
		return 0;
	}
	if (source->role == SOURCE_ATTACKED || vote->record.valid_until_ns <= judge->options.now_ns)
		return 0;
	naming = block_extend(&judge->namings, sizeof(*naming));
	if (naming == NULL)
		return -ENOMEM;
	hash = hash_bytes(store_value_seed(judge->options.store), creator.data, creator.size);
	*naming = (struct judge_naming){
		.source_id = vote->source_id,
		.poster_id = creator.size > 0 ? (uint32_t)(hash | 1) : 0,
	};
	return 0;
}

static int count_votes(struct judge *judge, uint64_t hash, struct judge_count *ret_count)
{
	struct single_count single = {.judge = judge};

	judge->namings.size = 0; // the memory stays
	int error = store_vote_of_value(judge->options.store, hash, take_naming, &single);

	if (error == 0) {
		*ret_count = judge_counts_of((struct judge_naming *)judge->namings.data,
		                             judge->namings.size / sizeof(struct judge_naming));
		ret_count->is_known_benign = single.is_known_benign;
	}
	return error;
}

static int count_value(struct judge *judge, uint64_t hash, struct judge_count *ret_count)
{
	bool is_needed = judge->looks_at_counts || judge->looks_at_known_benign ||
	                 judge->options.is_thorough;

	if (!judge->options.is_single || !is_needed) {
		*ret_count = judge_counts_get(&judge->counts, hash);
		return 0;
	}
	struct counted_value *counted = &judge->counted[hash % COUNTED_VALUES];
	if (!counted->is_counted || counted->hash != hash) {
		int error = count_votes(judge, hash, &counted->count);

		counted->is_counted = error == 0;
		if (error < 0)
			return error;
		counted->hash = hash;
	}
	*ret_count = counted->count;
	return 0;
}

// ---- one vote ----------------------------------------------------------------------------------

static bool list_has(struct slice list, const char *word)
{
	while (list.size > 0) {
		struct slice item = slice_first(list, slice_find(list, '\n'));

		if (slice_is(item, word))
			return true;
		list = slice_from(list, item.size + 1);
	}
	return false;
}

// Modified, or else collected.
static int64_t age_of(const struct judge *judge, const struct vote *vote)
{
	int64_t since_ns = vote->record.modified_ns;
	int64_t age_ns;

	if (since_ns == TIMESTAMP_MIN)
		since_ns = vote->first_seen_ns;
	if (__builtin_sub_overflow(judge->options.now_ns, since_ns, &age_ns))
		age_ns = since_ns < 0 ? INT64_MAX : 0;
	return age_ns;
}

static struct policy_facts vote_facts(const struct judge *judge, const struct vote *vote,
                                      enum tlp tlp)
{
	const struct judge_source *source = judge_sources_get(&judge->sources, vote->source_id);

	return (struct policy_facts){
		.group = source->group,
		.source = source->name,
		.threat_types = vote->record.threat_types,
		.tlp = tlp,
		.reliability = source->reliability,
		.confidence = vote->record.confidence,
		.age_ns = age_of(judge, vote),
		.is_promoted = judge_ids_has(&judge->promoted, vote->vote_id),
		.is_prose = list_has(vote->record.labels, INDICATOR_LABEL_PROSE),
		.role = source->role,
	};
}

static void ask_veto(struct judge *judge, struct judged_value *judged)
{
	struct policy_facts *facts = &judged->facts;

	facts->is_vetoed = judge_veto_covers(judge->veto, judged->value, &judged->veto);
	// A name below a benign one is not benign by that, but an address of a benign network is.
	if (facts->is_vetoed && facts->type == OBSERVABLE_ADDRESS &&
	    slice_is(judged->veto.labels, VETO_LABEL_KNOWN_BENIGN))
		facts->is_known_benign = true;
}

// The veto set is asked of what may be dropped, and where a row needs to know; of single values,
// for whoever explains, always.
static int judge_value(struct judge *judge, struct judged_value *judged)
{
	struct policy_facts *facts = &judged->facts;
	struct judge_count count = {};
	uint64_t hash = value_code_hash(store_value_seed(judge->options.store), judged->value);
	int error = count_value(judge, hash, &count);

	if (error < 0)
		return error;
	facts->type = judged->value->type;
	facts->source_count = count.sources;
	facts->poster_count = count.posters;
	facts->is_known_benign = count.is_known_benign;

	bool is_asked = judge->options.is_thorough ||
	                (judge->looks_at_known_benign && facts->type == OBSERVABLE_ADDRESS);
	if (is_asked)
		ask_veto(judge, judged);
	policy_decide(judge->policy, facts, &judged->decision);
	if (!is_asked && judged->decision.action == ACTION_DROP) {
		ask_veto(judge, judged);
		policy_decide(judge->policy, facts, &judged->decision);
	}
	return 0;
}

static int decode_values(struct judge *judge, struct slice bytes, size_t *ret_count)
{
	size_t cursor = 0;
	size_t count = 0;
	struct intake_value value;
	int result;

	judge->values.size = 0;
	judge->decoded.size = 0;
	while ((result = value_code_next(bytes, &cursor, &value)) == 1) {
		struct intake_value *decoded = block_extend(&judge->decoded, sizeof(*decoded));

		if (decoded == NULL ||
		    block_extend(&judge->values, sizeof(struct judged_value)) == NULL)
			return -ENOMEM;
		*decoded = value;
		count++;
	}
	*ret_count = count;
	return result;
}

static int judge_values(struct judge *judge, const struct policy_facts *facts, size_t count,
                        struct judgement *judgement)
{
	struct judged_value *values = (struct judged_value *)judge->values.data;
	const struct intake_value *decoded = (const struct intake_value *)judge->decoded.data;
	const struct policy_row *row = NULL;

	for (size_t i = 0; i < count; i++) {
		values[i] = (struct judged_value){.value = &decoded[i], .facts = *facts};
		int error = judge_value(judge, &values[i]);

		if (error < 0)
			return error;
		if (i == 0 || values[i].decision.action > judgement->action) {
			judgement->action = values[i].decision.action;
			row = values[i].decision.row;
		}
	}
	judgement->values = values;
	judgement->value_count = count;
	judgement->record.action = judgement->action;
	if (row != NULL)
		judgement->record.tags = judge->tags[row - judge->policy->rows];
	return 0;
}

int judge_vote(struct judge *judge, const struct vote *vote, enum tlp tlp,
               struct judgement *ret_judgement)
{
	const struct judge_source *source = judge_sources_get(&judge->sources, vote->source_id);
	struct policy_facts facts = vote_facts(judge, vote, tlp);
	struct judgement judgement = {
		.record = vote->record,
		.has_same_subdomains = source->has_same_subdomains,
		.action = ACTION_IGNORE,
	};
	size_t count;
	int error = 0;

	judgement.record.source = source->name;
	judgement.record.group = source->group;
	judgement.record.is_source_hidden |= source->is_hidden;
	judgement.record.tlp = tlp;
	judgement.record.store_id = vote->vote_id;
	if (source->role == SOURCE_KNOWN_BENIGN || vote->is_known_benign)
		judgement.outcome = JUDGED_BENIGN;
	else if (vote->record.valid_until_ns <= judge->options.now_ns)
		judgement.outcome = JUDGED_EXPIRED;
	if (judgement.outcome == JUDGED || judge->options.is_thorough) {
		error = decode_values(judge, vote->values, &count);
		if (error == 0)
			error = judge_values(judge, &facts, count, &judgement);
	}
	if (error == 0)
		*ret_judgement = judgement;
	return error;
}

int judge_vote_settled(struct judge *judge, const struct vote *vote,
                       struct judgement *ret_judgement)
{
	int error = 0;

	if (vote->record.markings.size == 0)
		return judge_vote(judge, vote, vote->record.tlp, ret_judgement);
	if (judge->scratch == NULL)
		error = build_create(&judge->scratch);
	if (error == 0 && judge->objects == NULL)
		error = compile_objects_read(judge->options.store, judge, judge->scratch,
		                             &judge->objects);
	if (error < 0)
		return error;
	return judge_vote(judge, vote, compile_objects_tlp(judge->objects, &vote->record),
	                  ret_judgement);
}
