#include "loader/versioned.h"

#include "loader/intake.h"
#include "loader/versions.h"

static struct version_key key_of(const struct feed *feed, const struct indicator *record)
{
	return versions_key(feed->versions, record->id, feed->source, record->created_by);
}

bool versioned_is_news(struct versioned *versioned, const struct indicator *record)
{
	struct feed *feed = versioned->feed;
	uint32_t held_id;

	if (record->id.size == 0)
		return true;
	enum version_news news = versions_judge(feed->versions, key_of(feed, record),
	                                        record->modified_ns, &held_id);

	if (news == VERSION_NEW || news == VERSION_NEWER)
		return true;
	feed->summary->duplicates++;
	return false;
}

bool versioned_is_held(const struct versioned *versioned, const struct indicator *record)
{
	const struct feed *feed = versioned->feed;
	uint32_t held_id = NO_INDICATOR;

	if (record->id.size > 0)
		(void)versions_judge(feed->versions, key_of(feed, record), record->modified_ns,
		                     &held_id);
	return held_id != NO_INDICATOR;
}

// NO_INDICATOR when nothing of it was taken.
static int add_indicator(struct versioned *versioned, const struct indicator *record,
                         versioned_values_fn *add_values, void *context, uint32_t *ret_indicator_id)
{
	struct sink *sink = versioned->feed->sink;
	uint32_t indicator_id;
	int error = sink->ops->add_indicator(sink, record, &indicator_id);

	if (error != 0)
		return error;

	int64_t taken = add_values(context, indicator_id);
	if (taken < 0)
		return (int)taken;
	if (taken == 0)
		sink->ops->withdraw(sink, indicator_id, SINK_NOTHING_TAKEN);
	*ret_indicator_id = taken > 0 ? indicator_id : NO_INDICATOR;
	return 0;
}

// The version of this run is out. Counted once if both are this feed's.
static void withdraw_held(struct versioned *versioned, uint32_t held_id, enum sink_withdrawal why)
{
	struct feed *feed = versioned->feed;

	if (held_id == NO_INDICATOR)
		return;
	feed->sink->ops->withdraw(feed->sink, held_id, why);
	if (versioned->first_indicator_id != NO_INDICATOR &&
	    held_id >= versioned->first_indicator_id) {
		feed->summary->indicators--;
		feed->summary->duplicates++;
	}
}

// What is remembered of earlier runs is out.
static int retire(struct versioned *versioned, const struct sink_identity *identity,
                  int64_t modified_ns, enum sink_withdrawal why)
{
	struct sink *sink = versioned->feed->sink;

	return sink->ops->retire != NULL ? sink->ops->retire(sink, identity, modified_ns, why) : 0;
}

static void count(struct versioned *versioned, uint32_t indicator_id)
{
	if (indicator_id == NO_INDICATOR)
		return;
	versioned->feed->summary->indicators++;
	if (versioned->first_indicator_id == NO_INDICATOR)
		versioned->first_indicator_id = indicator_id;
}

int versioned_add_by(struct versioned *versioned, const struct indicator *record,
                     versioned_values_fn *add_values, void *context)
{
	const struct sink_identity identity = {record->id, record->created_by};
	struct feed *feed = versioned->feed;
	uint32_t indicator_id = NO_INDICATOR;
	struct version_key key;
	uint32_t held_id;
	int error = 0;

	if (add_values != NULL)
		error = add_indicator(versioned, record, add_values, context, &indicator_id);
	if (error != 0)
		return error;
	if (record->id.size == 0) {
		count(versioned, indicator_id);
		return 0;
	}
	key = key_of(feed, record);
	(void)versions_judge(feed->versions, key, record->modified_ns, &held_id);
	withdraw_held(versioned, held_id, SINK_REPLACED);
	if (indicator_id == NO_INDICATOR)
		error = retire(versioned, &identity, record->modified_ns, SINK_REPLACED);
	if (error != 0)
		return error;
	count(versioned, indicator_id);
	return versions_set(feed->versions, key, record->modified_ns, indicator_id);
}

struct listed {
	struct versioned *versioned;
	const struct indicator *record;
	const struct candidate *const *values;
	size_t value_count;
};

static int64_t take_listed(void *context, uint32_t indicator_id)
{
	const struct listed *listed = context;
	int64_t taken = 0;

	for (size_t i = 0; i < listed->value_count; i++) {
		struct candidate candidate = *listed->values[i];

		candidate.object = listed->record->id;
		int result = intake_add(listed->versioned->feed, indicator_id, &candidate);
		if (result < 0)
			return result;
		taken += result;
	}
	return taken;
}

int versioned_add(struct versioned *versioned, const struct indicator *record,
                  const struct candidate *const values[], size_t value_count)
{
	struct listed listed = {versioned, record, values, value_count};

	return versioned_add_by(versioned, record, value_count > 0 ? take_listed : NULL, &listed);
}

int versioned_withdraw(struct versioned *versioned, const struct sink_identity *identity,
                       int64_t modified_ns, enum sink_withdrawal why)
{
	struct feed *feed = versioned->feed;
	struct version_key key = versions_key(feed->versions, identity->id, feed->source,
	                                      identity->created_by);
	uint32_t held_id;

	(void)versions_judge(feed->versions, key, modified_ns, &held_id);
	withdraw_held(versioned, held_id, why);
	int error = retire(versioned, identity, modified_ns, why);
	return error == 0 ? versions_revoke(feed->versions, key) : error;
}
