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

enum { PART_BASE, PART_OVERLAY, PART_COUNT };

// A database that is searched: the base, or its overlay.
struct searched_part {
	const struct database *database; // NULL: there is none
	struct pattern_scratch *scratch;
	struct match_part of_sink;
};

struct match_context {
	const struct database *database;
	struct searched_part parts[PART_COUNT];
	struct lookup lookups[LOOKUP_COUNT];
	struct match_sink sink;
};

static int open_part(struct searched_part *part, const struct database *database)
{
	part->database = database;
	part->of_sink.postings = database->sections[SECTION_POSTINGS];
	part->of_sink.states = database->sections[SECTION_STATES];
	return pattern_scratch_create(database->patterns, &part->scratch);
}

int match_context_create(const struct database *database, struct match_context **ret_context)
{
	AUTO(match_context) context = calloc(1, sizeof(*context));
	int error;

	if (context == NULL)
		return -ENOMEM;
	context->database = database;
	error = open_part(&context->parts[PART_BASE], database);
	if (error == 0 && database->overlay != NULL)
		error = open_part(&context->parts[PART_OVERLAY], database->overlay);
	if (error != 0)
		return error;
	if (database->words.count > 0 || database->replaced.size > 0)
		context->parts[PART_BASE].of_sink.base = database;
	context->parts[PART_OVERLAY].of_sink.id_offset = database->overlay_id_offset;
	*ret_context = TAKE(context);
	return 0;
}

void match_context_free(struct match_context *context)
{
	if (context == NULL)
		return;
	for (unsigned i = 0; i < PART_COUNT; i++)
		pattern_scratch_free(context->parts[i].scratch);
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
	const struct database *database;
	struct match_sink *sink;
	uint32_t observable;
};

static void report_pattern(void *asked, uint32_t pattern_id)
{
	const struct pattern_question *question = asked;
	const struct database *database = question->database;
	const struct match_question match = {.observable = question->observable,
	                                     .kind = MATCH_PATTERN};

	if (pattern_id < database->pattern_entry_count)
		match_sink_add(question->sink, &match,
		               database->pattern_entries[pattern_id].posting,
		               &database->meta.pattern_terms);
}

static void find_patterns(const struct searched_part *part, const struct lookup *lookup)
{
	for (unsigned i = 0; i < lookup->count; i++) {
		const struct observable *observable = &lookup->observables[lookup->indexes[i]];
		struct pattern_question question = {part->database, lookup->sink,
		                                    lookup->indexes[i]};

		pattern_set_scan(part->database->patterns, part->scratch, observable->type,
		                 observable->text, report_pattern, &question);
	}
}

// Asks all tables of one part.
static void find_in_part(struct match_context *context, const struct searched_part *part)
{
	const struct database *database = part->database;
	const struct lookup *lookups = context->lookups;

	context->sink.part = part->of_sink;
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
		find_patterns(part, &lookups[LOOKUP_NAME]);
		find_patterns(part, &lookups[LOOKUP_URL]);
	}
}

// What the veto sets are asked.
struct veto_question {
	const struct observable *observable; // or
	const struct prefix *prefix;
};

static uint32_t ask_veto(const struct database *veto, const struct veto_question *question)
{
	return question->prefix != NULL ? veto_find_prefix(veto, question->prefix)
	                                : veto_find(veto, question->observable);
}

// The veto sets of base and overlay both count.
static bool tell_veto(const struct match_context *context, const struct veto_question *question,
                      struct indicator *ret_veto)
{
	for (unsigned i = 0; i < PART_COUNT; i++) {
		const struct database *part = context->parts[i].database;
		const struct database *veto = part != NULL ? part->veto : NULL;
		uint32_t id = veto != NULL ? ask_veto(veto, question) : NO_INDICATOR;
		struct indicator ignored;

		if (id != NO_INDICATOR &&
		    record_table_get(&veto->records, id, ret_veto != NULL ? ret_veto : &ignored))
			return true;
	}
	return false;
}

bool match_is_vetoed(struct match_context *context, const struct observable *observable,
                     struct indicator *ret_veto)
{
	const struct veto_question question = {.observable = observable};

	return tell_veto(context, &question, ret_veto);
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
		    match_is_vetoed(context, &observables[match->observable], NULL))
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
	match_sink_clear(&context->sink);
	deal_out(context, observables, count);
	find_in_part(context, &context->parts[PART_BASE]);
	if (context->parts[PART_OVERLAY].database != NULL)
		find_in_part(context, &context->parts[PART_OVERLAY]);
	// Before rows are left out: what is kept must not depend on a veto.
	if (context->sink.drop_count > 0)
		lower_drops(context, observables);
	*ret_matches = context->sink.rows;
	return match_sink_finish(&context->sink);
}

bool match_is_prefix_vetoed(struct match_context *context, const struct prefix *prefix,
                            struct indicator *ret_veto)
{
	const struct veto_question question = {.prefix = prefix};

	return tell_veto(context, &question, ret_veto);
}

void match_context_limits(const struct match_context *context, struct match_limits *ret_limits)
{
	*ret_limits = (struct match_limits){.matches_left_out = context->sink.left_out};
	for (unsigned i = 0; i < PART_COUNT; i++) {
		if (context->parts[i].scratch != NULL)
			ret_limits->patterns_given_up +=
				pattern_scratch_given_up(context->parts[i].scratch);
	}
}
