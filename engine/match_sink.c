#include "engine/match_sink.h"

#include "base/cpu.h"
#include "engine/database_parts.h"

// A row of the observable that is no drop; NULL if there is none. Rare: the observable is full.
static struct match *match_sink_find_weaker(struct match_sink *sink, uint32_t observable)
{
	for (unsigned i = sink->row_count; i > 0 && !sink->has_only_drops[observable]; i--) {
		struct match *row = &sink->rows[i - 1];

		if (row->observable == observable && row->action < ACTION_DROP)
			return row;
	}
	sink->has_only_drops[observable] = true;
	return NULL;
}

// Where the next row of the observable goes: behind the others, or, when there are too many, a
// drop instead of something weaker. NULL: nowhere.
static struct match *match_sink_place(struct match_sink *sink, uint32_t observable, unsigned action)
{
	if (sink->counts[observable] == MATCH_SINK_PER_OBSERVABLE) {
		sink->left_out++;
		return action == ACTION_DROP ? match_sink_find_weaker(sink, observable) : NULL;
	}
	sink->counts[observable]++;
	return &sink->rows[sink->row_count++];
}

void match_sink_add_one(struct match_sink *sink, const struct match_question *question,
                        uint32_t indicator_id, unsigned action)
{
	struct match *row;
	uint8_t state;

	if (indicator_id >= sink->part.states.size)
		return;
	state = sink->part.states.data[indicator_id];
	if ((state & STATE_IS_LIVE) == 0)
		return;
	if (sink->part.base != NULL && database_parts_is_silent(sink->part.base, indicator_id))
		return;
	if (action > (state & STATE_ACTION_MASK))
		action = state & STATE_ACTION_MASK;
	row = match_sink_place(sink, question->observable, action);
	if (row == NULL)
		return;
	sink->drop_count += action == ACTION_DROP;
	*row = (struct match){
		.observable = question->observable,
		.indicator_id = sink->part.id_offset + indicator_id,
		.kind = question->kind,
		.action = (enum action)action,
	};
}

void match_sink_prefetch(const struct match_sink *sink, const uint32_t references[], unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		uint32_t reference = references[i];
		bool is_list = (reference & POSTING_LIST) != 0;

		uintptr_t base = (uintptr_t)(is_list ? sink->part.postings.data
		                                     : sink->part.states.data);
		size_t offset = is_list ? (size_t)(reference & ~POSTING_LIST) * 4 : reference;

		// As a number: a corrupt reference leads anywhere, and that is allowed here.
		prefetch_read((const void *)(base + offset));
	}
}

static bool terms_answer(const struct packed_terms *terms, const struct match_question *question)
{
	if (question->entry_kind != 0 && (terms->kinds & question->entry_kind) == 0)
		return false;
	if (question->schemes != 0 && (terms->schemes & question->schemes) == 0)
		return false;
	if (terms->protocol != 0 && terms->protocol != question->protocol)
		return false;
	return terms->port == 0 || terms->port == question->port;
}

// A name below one that a pattern equals is told besides, and not a reason to drop anything.
static unsigned terms_action(const struct packed_terms *terms,
                             const struct match_question *question)
{
	bool is_beside = question->entry_kind == ENTRY_PARENT && (terms->kinds & ENTRY_BESIDE) != 0;

	return is_beside && terms->action > ACTION_ALERT ? ACTION_ALERT : terms->action;
}

void match_sink_add(struct match_sink *sink, const struct match_question *question,
                    uint32_t reference, const struct packed_terms *usual_terms)
{
	struct posting single = {.terms = *usual_terms};
	unsigned count;
	const struct posting *postings = postings_get(sink->part.postings, reference, &single,
	                                              &count);

	for (unsigned i = 0; i < count; i++) {
		if (terms_answer(&postings[i].terms, question))
			match_sink_add_one(sink, question, postings[i].indicator_id,
			                   terms_action(&postings[i].terms, question));
	}
}

static int match_compare(const void *left, const void *right)
{
	const struct match *a = left;
	const struct match *b = right;

	if (a->observable != b->observable)
		return a->observable < b->observable ? -1 : 1;
	if (a->indicator_id != b->indicator_id)
		return a->indicator_id < b->indicator_id ? -1 : 1;
	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	if (a->action != b->action)
		return a->action > b->action ? -1 : 1;
	return (int)b->is_vetoed - (int)a->is_vetoed;
}

static bool matches_in_order(const struct match rows[], unsigned count)
{
	for (unsigned i = 1; i < count; i++) {
		if (match_compare(&rows[i - 1], &rows[i]) >= 0)
			return false;
	}
	return true;
}

// In place: nothing may be allocated here, which qsort() does for large arrays.
static void match_sort(struct match rows[], unsigned count)
{
	for (unsigned gap = count / 2; gap > 0; gap /= 2) {
		for (unsigned i = gap; i < count; i++) {
			struct match row = rows[i];
			unsigned j = i;

			for (; j >= gap && match_compare(&rows[j - gap], &row) > 0; j -= gap)
				rows[j] = rows[j - gap];
			rows[j] = row;
		}
	}
}

// The rows in order. Dealt out by observable first, without a branch that depends on the order:
// names of different depths come mixed, and most observables have one row.
static const struct match *match_sink_order(struct match_sink *sink)
{
	unsigned next[MATCH_BATCH_MAX];
	unsigned begin = 0;

	if (matches_in_order(sink->rows, sink->row_count))
		return sink->rows;
	for (unsigned i = 0; i < MATCH_BATCH_MAX; i++) {
		next[i] = begin;
		begin += sink->counts[i];
	}
	for (unsigned i = 0; i < sink->row_count; i++)
		sink->dealt[next[sink->rows[i].observable]++] = sink->rows[i];
	for (unsigned i = 0; i < MATCH_BATCH_MAX; i++) {
		if (sink->counts[i] > 1)
			match_sort(&sink->dealt[next[i] - sink->counts[i]], sink->counts[i]);
	}
	return sink->dealt;
}

// The rows of one observable in order, an indicator once: the strongest, as match_compare() has it.
static unsigned match_sink_unite(const struct match rows[], unsigned count, struct match ret_rows[])
{
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++) {
		const struct match row = rows[i];

		if (kept == 0 || ret_rows[kept - 1].indicator_id != row.indicator_id)
			ret_rows[kept++] = row;
	}
	return kept;
}

// More than fit: the strongest stay, in order, so that no drop is lost behind weaker ones.
static unsigned match_sink_cut(struct match rows[], unsigned count)
{
	unsigned quotas[ACTION_COUNT] = {};
	unsigned room = MATCHES_PER_OBSERVABLE;
	unsigned kept = 0;

	for (unsigned i = 0; i < count; i++)
		quotas[rows[i].action]++;
	for (unsigned i = ACTION_COUNT; i > 0; i--) {
		quotas[i - 1] = quotas[i - 1] < room ? quotas[i - 1] : room;
		room -= quotas[i - 1];
	}
	for (unsigned i = 0; i < count; i++) {
		if (quotas[rows[i].action] == 0)
			continue;
		quotas[rows[i].action]--;
		rows[kept++] = rows[i];
	}
	return kept;
}

unsigned match_sink_finish(struct match_sink *sink)
{
	const struct match *rows = match_sink_order(sink);
	unsigned kept = 0;
	unsigned end;

	for (unsigned begin = 0; begin < sink->row_count; begin = end) {
		unsigned count = sink->counts[rows[begin].observable];
		unsigned united;

		end = begin + count;
		united = match_sink_unite(&rows[begin], count, &sink->rows[kept]);
		if (united > MATCHES_PER_OBSERVABLE) {
			sink->left_out += united - MATCHES_PER_OBSERVABLE;
			united = match_sink_cut(&sink->rows[kept], united);
		}
		kept += united;
	}
	sink->row_count = kept;
	return kept;
}

void match_sink_clear(struct match_sink *sink)
{
	if (sink->row_count > 0) {
		memset(sink->counts, 0, sizeof(sink->counts));
		memset(sink->has_only_drops, 0, sizeof(sink->has_only_drops));
	}
	sink->row_count = 0;
	sink->drop_count = 0;
}
