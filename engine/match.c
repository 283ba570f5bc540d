#include "engine/match.h"

#include <errno.h>
#include <stdlib.h>

#include "engine/address.h"
#include "engine/database.h"
#include "engine/name_table.h"
#include "engine/url_table.h"
#include "engine/veto.h"

// The tables a batch is dealt out to.
enum lookup_kind {
	LOOKUP_IPV4,
	LOOKUP_IPV6,
	LOOKUP_NAME,
	LOOKUP_URL,
	LOOKUP_HASH,                                         // one a hash algorithm
	LOOKUP_NOTHING = LOOKUP_HASH + HASH_ALGORITHM_COUNT, // what no table is for
	LOOKUP_COUNT,
};

struct match_context {
	const struct database *database;
	struct lookup lookups[LOOKUP_COUNT];
	struct pattern_scratch *scratch;
	struct match_sink sink;
};

int match_context_create(const struct database *database, struct match_context **ret_context)
{
	AUTO(match_context) context = calloc(1, sizeof(*context));
	int error;

	if (context == NULL)
		return -ENOMEM;
	error = pattern_scratch_create(database->patterns, &context->scratch);
	if (error != 0)
		return error;
	context->database = database;
	context->sink.postings = database->sections[SECTION_POSTINGS];
	context->sink.states = database->sections[SECTION_STATES];
	*ret_context = TAKE(context);
	return 0;
}

void match_context_free(struct match_context *context)
{
	if (context == NULL)
		return;
	pattern_scratch_free(context->scratch);
	free(context);
}

static enum lookup_kind lookup_kind(const struct observable *observable)
{
	switch (observable->type) {
	case OBSERVABLE_ADDRESS:
		return address_is_ipv4(&observable->address) ? LOOKUP_IPV4 : LOOKUP_IPV6;
	case OBSERVABLE_NAME:
		return LOOKUP_NAME;
	case OBSERVABLE_URL:
		return LOOKUP_URL;
	case OBSERVABLE_HASH:
		if (observable->algorithm < HASH_ALGORITHM_COUNT)
			return LOOKUP_HASH + observable->algorithm;
		break;
	case OBSERVABLE_TYPE_COUNT:
		break;
	}
	return LOOKUP_NOTHING;
}

// Where the run of a kind that begins at `first` ends. Addresses, whose look-ups take the least,
// have a loop of their own.
static unsigned run_end(const struct observable observables[], unsigned first, unsigned count,
                        enum lookup_kind kind)
{
	unsigned i = first + 1;

	if (kind == LOOKUP_IPV4) {
		while (i < count && observables[i].type == OBSERVABLE_ADDRESS &&
		       address_is_ipv4(&observables[i].address))
			i++;
		return i;
	}
	while (i < count && lookup_kind(&observables[i]) == kind)
		i++;
	return i;
}

static void deal_out(struct match_context *context, const struct observable observables[],
                     unsigned count)
{
	for (unsigned kind = 0; kind < LOOKUP_COUNT; kind++) {
		context->lookups[kind].observables = observables;
		context->lookups[kind].sink = &context->sink;
		context->lookups[kind].count = 0;
	}
	// By runs of a kind: a counter in memory for each observable costs more than its look-up.
	for (unsigned i = 0; i < count;) {
		enum lookup_kind kind = lookup_kind(&observables[i]);
		struct lookup *lookup = &context->lookups[kind];
		unsigned end = run_end(observables, i, count, kind);
		uint8_t *indexes = lookup->indexes + lookup->count;

		lookup->count += end - i;
		while (i < end)
			*indexes++ = (uint8_t)i++;
	}
}

// What a pattern's match is told for.
struct pattern_question {
	struct match_context *context;
	uint32_t observable;
};

static void report_pattern(void *asked, uint32_t pattern_id)
{
	const struct pattern_question *question = asked;
	const struct database *database = question->context->database;
	const struct match_question match = {.observable = question->observable,
	                                     .kind = MATCH_PATTERN};

	if (pattern_id < database->pattern_entry_count)
		match_sink_add(&question->context->sink, &match,
		               database->pattern_entries[pattern_id].posting,
		               &database->meta.pattern_terms);
}

static void find_patterns(struct match_context *context, const struct lookup *lookup)
{
	for (unsigned i = 0; i < lookup->count; i++) {
		const struct observable *observable = &lookup->observables[lookup->indexes[i]];
		struct pattern_question question = {context, lookup->indexes[i]};

		pattern_set_scan(context->database->patterns, context->scratch, observable->type,
		                 observable->text, report_pattern, &question);
	}
}

static uint32_t find_veto(const struct database *database, const struct observable *observable)
{
	return database->veto != NULL ? veto_find(database->veto, observable) : NO_INDICATOR;
}

// What the veto set covers is not dropped. Each observable is asked once.
static void lower_drops(struct match_context *context, const struct observable observables[])
{
	struct match_sink *sink = &context->sink;
	uint64_t asked = 0;
	uint64_t vetoed = 0;

	static_assert(MATCH_BATCH_MAX <= 64, "a bit an observable");
	for (unsigned i = 0; i < sink->row_count; i++) {
		struct match *match = &sink->rows[i];
		uint64_t bit = UINT64_C(1) << match->observable;

		if (match->action != ACTION_DROP)
			continue;
		if ((asked & bit) == 0 &&
		    find_veto(context->database, &observables[match->observable]) != NO_INDICATOR)
			vetoed |= bit;
		asked |= bit;
		if ((vetoed & bit) == 0)
			continue;
		match->action = ACTION_ALERT;
		match->is_vetoed = true;
	}
}

unsigned match_find(struct match_context *context, const struct observable observables[],
                    unsigned count, const struct match **ret_matches)
{
	const struct database *database = context->database;
	const struct lookup *lookups = context->lookups;

	match_sink_clear(&context->sink);
	deal_out(context, observables, count);
	if (lookups[LOOKUP_IPV4].count > 0) {
		address_table_find_ipv4(&database->ipv4_hosts, &lookups[LOOKUP_IPV4]);
		prefix_table_find_ipv4(&database->ipv4_networks, &lookups[LOOKUP_IPV4]);
	}
	if (lookups[LOOKUP_IPV6].count > 0) {
		address_table_find_ipv6(&database->ipv6_hosts, &lookups[LOOKUP_IPV6]);
		prefix_table_find_ipv6(&database->ipv6_networks, &lookups[LOOKUP_IPV6]);
	}
	if (lookups[LOOKUP_NAME].count > 0)
		name_table_find(&database->names, &lookups[LOOKUP_NAME]);
	if (lookups[LOOKUP_URL].count > 0)
		url_table_find(&database->urls, &lookups[LOOKUP_URL]);
	for (unsigned i = 0; i < HASH_ALGORITHM_COUNT; i++) {
		if (lookups[LOOKUP_HASH + i].count > 0)
			hash_table_find(&database->hashes[i], &lookups[LOOKUP_HASH + i]);
	}
	if (database->pattern_entry_count > 0) {
		find_patterns(context, &lookups[LOOKUP_NAME]);
		find_patterns(context, &lookups[LOOKUP_URL]);
	}
	// Before rows are left out: what is kept must not depend on a veto.
	if (context->sink.drop_count > 0)
		lower_drops(context, observables);
	*ret_matches = context->sink.rows;
	return match_sink_finish(&context->sink);
}

// The record of an indicator of the veto set; NULL: nobody asks.
static bool veto_record(const struct database *veto, uint32_t id, struct indicator *ret_veto)
{
	struct indicator ignored;

	return id != NO_INDICATOR &&
	       record_table_get(&veto->records, id, ret_veto != NULL ? ret_veto : &ignored);
}

bool match_is_vetoed(struct match_context *context, const struct observable *observable,
                     struct indicator *ret_veto)
{
	const struct database *veto = context->database->veto;

	return veto != NULL && veto_record(veto, veto_find(veto, observable), ret_veto);
}

bool match_is_prefix_vetoed(struct match_context *context, const struct prefix *prefix,
                            struct indicator *ret_veto)
{
	const struct database *veto = context->database->veto;

	return veto != NULL && veto_record(veto, veto_find_prefix(veto, prefix), ret_veto);
}

void match_context_limits(const struct match_context *context, struct match_limits *ret_limits)
{
	*ret_limits = (struct match_limits){
		.matches_left_out = context->sink.left_out,
		.patterns_given_up = pattern_scratch_given_up(context->scratch),
	};
}
