#include "loader/policy.h"

#include <assert.h>
#include <strings.h>

#include "base/timestamp.h"

static const int64_t day_ns = INT64_C(24) * 60 * 60 * NS_PER_S;
static const char attacked_group[] = "BKMW_ATTK";

// '*' at the word's end stands for any rest.
static bool word_fits(const char *word, struct slice text)
{
	size_t size = strlen(word);
	bool is_open = size > 0 && word[size - 1] == '*';

	if (is_open)
		size--;
	if (is_open ? text.size < size : text.size != size)
		return false;
	return size == 0 || strncasecmp(word, (const char *)text.data, size) == 0;
}

static bool words_fit(const char *const words[], unsigned count, struct slice text)
{
	for (unsigned i = 0; i < count; i++)
		if (word_fits(words[i], text))
			return true;
	return count == 0;
}

static bool fits_groups(const struct policy_row *row, const struct policy_facts *facts)
{
	return words_fit(row->groups, row->group_count, facts->group);
}

static bool fits_sources(const struct policy_row *row, const struct policy_facts *facts)
{
	return words_fit(row->sources, row->source_count, facts->source);
}

static bool fits_threat_types(const struct policy_row *row, const struct policy_facts *facts)
{
	struct slice rest = facts->threat_types;

	if (row->threat_type_count == 0)
		return true;
	do {
		struct slice type = slice_first(rest, slice_find(rest, '\n'));

		if (words_fit(row->threat_types, row->threat_type_count, type))
			return true;
		rest = slice_from(rest, type.size + 1);
	} while (rest.size > 0);
	return false;
}

static bool fits_observable_types(const struct policy_row *row, const struct policy_facts *facts)
{
	return row->observable_types == 0 || (row->observable_types >> facts->type & 1) != 0;
}

static bool fits_tlps(const struct policy_row *row, const struct policy_facts *facts)
{
	return row->tlps == 0 || (row->tlps >> facts->tlp & 1) != 0;
}

static bool fits_reliability(const struct policy_row *row, const struct policy_facts *facts)
{
	return facts->reliability >= row->reliability_min &&
	       facts->reliability <= row->reliability_max;
}

static bool fits_confidence(const struct policy_row *row, const struct policy_facts *facts)
{
	if (facts->confidence == CONFIDENCE_NONE)
		return row->confidence_min == 0 && row->confidence_max >= 100;
	return facts->confidence >= row->confidence_min && facts->confidence <= row->confidence_max;
}

static bool fits_age(const struct policy_row *row, const struct policy_facts *facts)
{
	if (row->age_max_days == 0 || facts->age_ns <= 0)
		return true;
	return (facts->age_ns - 1) / day_ns < row->age_max_days;
}

static bool fits_source_count(const struct policy_row *row, const struct policy_facts *facts)
{
	return facts->source_count >= row->sources_min;
}

static bool fits_poster_count(const struct policy_row *row, const struct policy_facts *facts)
{
	return facts->poster_count >= row->posters_min;
}

static bool fits_known_benign(const struct policy_row *row, const struct policy_facts *facts)
{
	return row->known_benign < 0 || (row->known_benign != 0) == facts->is_known_benign;
}

static bool fits_promoted(const struct policy_row *row, const struct policy_facts *facts)
{
	return row->promoted < 0 || (row->promoted != 0) == facts->is_promoted;
}

static const struct {
	const char *name;
	bool (*fits)(const struct policy_row *row, const struct policy_facts *facts);
} columns[] = {
	[POLICY_GROUPS] = {"group", fits_groups},
	[POLICY_SOURCES] = {"source", fits_sources},
	[POLICY_THREAT_TYPES] = {"threat type", fits_threat_types},
	[POLICY_OBSERVABLE_TYPES] = {"type of value", fits_observable_types},
	[POLICY_TLPS] = {"TLP", fits_tlps},
	[POLICY_RELIABILITY] = {"reliability", fits_reliability},
	[POLICY_CONFIDENCE] = {"confidence", fits_confidence},
	[POLICY_AGE] = {"age", fits_age},
	[POLICY_SOURCE_COUNT] = {"number of sources", fits_source_count},
	[POLICY_POSTER_COUNT] = {"number of posters", fits_poster_count},
	[POLICY_KNOWN_BENIGN] = {"known-benign", fits_known_benign},
	[POLICY_PROMOTED] = {"promoted", fits_promoted},
};
static_assert(sizeof(columns) / sizeof(columns[0]) == POLICY_COLUMN_COUNT, "all columns");

const char *policy_column_name(enum policy_column column)
{
	return columns[column].name;
}

// Each of the other's words is one of these.
static bool words_cover(const char *const words[], unsigned count, const char *const others[],
                        unsigned other_count)
{
	if (count == 0)
		return true;
	for (unsigned i = 0; i < other_count; i++)
		if (!words_fit(words, count, slice_text(others[i])))
			return false;
	return other_count > 0;
}

static bool bits_cover(uint32_t bits, uint32_t others)
{
	return bits == 0 || (others != 0 && (others & ~bits) == 0);
}

static bool least_covers(uint32_t least, uint32_t other)
{
	return least <= 1 || least <= other;
}

static bool answer_covers(int8_t answer, int8_t other)
{
	return answer < 0 || answer == other;
}

static bool figures_cover(const struct policy_row *row, const struct policy_row *other)
{
	return row->reliability_min <= other->reliability_min &&
	       row->reliability_max >= other->reliability_max &&
	       row->confidence_min <= other->confidence_min &&
	       row->confidence_max >= other->confidence_max &&
	       least_covers(row->sources_min, other->sources_min) &&
	       least_covers(row->posters_min, other->posters_min) &&
	       (row->age_max_days == 0 ||
	        (other->age_max_days != 0 && other->age_max_days <= row->age_max_days));
}

bool policy_row_covers(const struct policy_row *row, const struct policy_row *other)
{
	return words_cover(row->groups, row->group_count, other->groups, other->group_count) &&
	       words_cover(row->sources, row->source_count, other->sources, other->source_count) &&
	       words_cover(row->threat_types, row->threat_type_count, other->threat_types,
	                   other->threat_type_count) &&
	       bits_cover(row->observable_types, other->observable_types) &&
	       bits_cover(row->tlps, other->tlps) && figures_cover(row, other) &&
	       answer_covers(row->known_benign, other->known_benign) &&
	       answer_covers(row->promoted, other->promoted);
}

uint32_t policy_row_misfits(const struct policy_row *row, const struct policy_facts *facts)
{
	uint32_t misfits = 0;

	for (unsigned i = 0; i < POLICY_COLUMN_COUNT; i++)
		if (!columns[i].fits(row, facts))
			misfits |= UINT32_C(1) << i;
	return misfits;
}

static bool row_looks_at(const struct policy_row *row, enum policy_column column)
{
	const bool looks[POLICY_COLUMN_COUNT] = {
		[POLICY_GROUPS] = row->group_count > 0,
		[POLICY_SOURCES] = row->source_count > 0,
		[POLICY_THREAT_TYPES] = row->threat_type_count > 0,
		[POLICY_OBSERVABLE_TYPES] = row->observable_types != 0,
		[POLICY_TLPS] = row->tlps != 0,
		[POLICY_RELIABILITY] =
			row->reliability_min > 0 ||
			row->reliability_max<100, [POLICY_CONFIDENCE] = row->confidence_min> 0 ||
			row->confidence_max<100, [POLICY_AGE] = row->age_max_days> 0,
		[POLICY_SOURCE_COUNT] = row->sources_min > 1,
		[POLICY_POSTER_COUNT] = row->posters_min > 1,
		[POLICY_KNOWN_BENIGN] = row->known_benign >= 0,
		[POLICY_PROMOTED] = row->promoted >= 0,
	};

	return looks[column];
}

bool policy_looks_at(const struct policy *policy, enum policy_column column)
{
	for (unsigned i = 0; i < policy->row_count; i++)
		if (row_looks_at(&policy->rows[i], column))
			return true;
	return false;
}

enum source_role policy_role(enum source_role role, struct slice group)
{
	return word_fits(attacked_group, group) ? SOURCE_ATTACKED : role;
}

static bool row_fits(const struct policy_row *row, const struct policy_facts *facts)
{
	for (unsigned i = 0; i < POLICY_COLUMN_COUNT; i++)
		if (!columns[i].fits(row, facts))
			return false;
	return true;
}

const char *policy_why_no_drop(const struct policy_facts *facts)
{
	switch (policy_role(facts->role, facts->group)) {
	case SOURCE_ATTACKED:
		return "its source lists sites under attack";
	case SOURCE_KNOWN_BENIGN:
		return "its source lists what is known-benign";
	case SOURCE_INDICATORS:
		break;
	}
	if (facts->is_vetoed)
		return "veto set";
	if (facts->is_known_benign)
		return "known-benign";
	return facts->is_prose ? "found in free text" : NULL;
}

void policy_decide(const struct policy *policy, const struct policy_facts *facts,
                   struct policy_decision *ret_decision)
{
	struct policy_decision decision = {.action = ACTION_LOG};

	for (unsigned i = 0; i < policy->row_count && decision.row == NULL; i++)
		if (row_fits(&policy->rows[i], facts))
			decision.row = &policy->rows[i];
	if (decision.row != NULL)
		decision.action = decision.row->action;

	if (decision.action == ACTION_DROP) {
		decision.lowered_by = policy_why_no_drop(facts);
		if (decision.lowered_by != NULL)
			decision.action = ACTION_ALERT;
	}
	*ret_decision = decision;
}
