// Indicators (STIX 2.1, section 4.7; STIX 2.0, part 2, section 2.5).
#include "loader/sink.h"
#include "loader/stix2.h"

#include <errno.h>

#include "base/utf8.h"
#include "engine/build.h"
#include "loader/intake.h"
#include "loader/plan.h"
#include "loader/screening.h"
#include "loader/stix_id.h"
#include "loader/versions.h"

enum { NAME_TEXT_BYTES_MAX = 1024 }; // longer names are cut

// What is known of an indicator before its pattern is looked at.
struct candidate_version {
	struct version_key key;
	int64_t modified_ns;
	enum version_news news;
	uint32_t held_id; // of the version known, or NO_INDICATOR
};

// pattern-type-ov (STIX 2.1, section 10.20): each a reason of its own, so that they are counted.
static const struct {
	const char *type;
	const char *reason;
} other_patterns[] = {
	{"snort", "pattern type snort: not parsed"},
	{"suricata", "pattern type suricata: not parsed"},
	{"yara", "pattern type yara: not parsed"},
	{"sigma", "pattern type sigma: not parsed"},
	{"pcre", "pattern type pcre: not parsed"},
	{"spl", "pattern type spl: not parsed"},
	{"eql", "pattern type eql: not parsed"},
	{"shodan", "pattern type shodan: not parsed"},
};

// False when the pattern is in another language, which is reported.
static bool is_stix_pattern(const struct stix2_object *object)
{
	struct slice type = stix2_object_text(object, STIX2_PATTERN_TYPE);
	const char *reason = "pattern of an unknown type: not parsed";

	if (type.size == 0 || slice_is(type, "stix"))
		return true;
	for (size_t i = 0; i < sizeof(other_patterns) / sizeof(other_patterns[0]); i++)
		if (slice_is(type, other_patterns[i].type))
			reason = other_patterns[i].reason;
	stix2_object_problem(object, reason, "skipped", type);
	return false;
}

static bool has_usable_id(const struct stix2_object *object)
{
	if (object->id.size == 0) {
		bool is_wrong = stix2_object_has(object, STIX2_ID);

		stix2_object_problem(object, "indicator without an id", "skipped",
		                     slice_text(is_wrong ? "id is not a string, or empty" : ""));
		return false;
	}
	if (!stix_id_is(object->id, "indicator")) {
		stix2_object_problem(object, "id is not a STIX identifier", "skipped", object->id);
		return false;
	}
	return true;
}

static bool is_revoked(const struct stix2_object *object)
{
	struct json_value value;

	return stix2_object_get(object, STIX2_REVOKED, JSON_BOOLEAN, "kept without it", &value) &&
	       json_reader_boolean(value);
}

static uint8_t confidence_of(const struct stix2_object *object)
{
	struct json_value value;

	if (!stix2_object_get(object, STIX2_CONFIDENCE, JSON_INTEGER, "kept without it", &value))
		return CONFIDENCE_NONE;

	int64_t confidence = json_reader_integer(value);
	if (confidence >= 0 && confidence <= 100)
		return (uint8_t)confidence;
	stix2_object_problem(object, "confidence is not 0 to 100", "kept without it",
	                     slice_text(""));
	return CONFIDENCE_NONE;
}

static struct slice name_of(const struct stix2_object *object)
{
	struct slice name = stix2_object_text(object, STIX2_NAME);
	size_t size = 0;

	if (name.size <= NAME_TEXT_BYTES_MAX)
		return name;
	for (;;) {
		size_t next = utf8_sequence_size(slice_from(name, size));

		if (next == 0 || size + next > NAME_TEXT_BYTES_MAX)
			return slice_first(name, size);
		size += next;
	}
}

// valid_from is required; a feed that leaves it out most likely means "from now on".
static void read_validity(const struct stix2_object *object, struct indicator *indicator)
{
	if (!stix2_object_time(object, STIX2_VALID_FROM, &indicator->valid_from_ns)) {
		indicator->valid_from_ns = indicator->created_ns;
		stix2_object_problem(object, "no valid_from", "kept, valid from its creation",
		                     slice_text(""));
	}
	(void)stix2_object_time(object, STIX2_VALID_UNTIL, &indicator->valid_until_ns);
	if (indicator->valid_until_ns <= indicator->valid_from_ns)
		stix2_object_problem(object, "valid_until is not after valid_from",
		                     "kept, but never valid", slice_text(""));
}

static struct slice creator_of(const struct stix2_object *object)
{
	struct slice creator = stix2_object_text(object, STIX2_CREATED_BY_REF);

	if (creator.size == 0 || stix_id_is(creator, "identity"))
		return creator;
	stix2_object_problem(object, "created_by_ref is not an identity", "kept without it",
	                     creator);
	return slice_text("");
}

// 2.0 has no indicator_types: there, labels are the threat types (part 2, section 2.5).
static int read_lists(struct stix2_reader *reader, const struct stix2_object *object,
                      struct indicator *indicator)
{
	bool is_20 = !stix2_object_has(object, STIX2_INDICATOR_TYPES) &&
	             !stix2_object_has(object, STIX2_SPEC_VERSION) &&
	             !stix2_object_has(object, STIX2_PATTERN_TYPE);
	int error = stix2_object_list(object, STIX2_INDICATOR_TYPES, &reader->arena,
	                              &indicator->threat_types);

	if (error != 0)
		return error;
	return stix2_object_list(object, STIX2_LABELS, &reader->arena,
	                         is_20 ? &indicator->threat_types : &indicator->labels);
}

static int fill_record(struct stix2_reader *reader, const struct stix2_object *object,
                       const struct candidate_version *version,
                       const struct stix2_markings *markings, struct indicator *ret_indicator)
{
	struct indicator indicator = reader_new_indicator(reader->feed);

	indicator.id = object->id;
	indicator.name = name_of(object);
	indicator.value = stix2_object_text(object, STIX2_PATTERN);
	indicator.created_by = creator_of(object);
	indicator.modified_ns = version->modified_ns;
	indicator.confidence = confidence_of(object);
	indicator.markings = markings->refs;
	if (markings->tlp != TLP_NONE)
		indicator.tlp = markings->tlp;
	(void)stix2_object_time(object, STIX2_CREATED, &indicator.created_ns);
	read_validity(object, &indicator);

	int error = read_lists(reader, object, &indicator);
	if (error == 0)
		*ret_indicator = indicator;
	return error;
}

static int add_record(struct stix2_reader *reader, const struct stix2_object *object,
                      const struct candidate_version *version, uint32_t *ret_indicator_id)
{
	struct feed *feed = reader->feed;
	struct stix2_markings markings;
	struct indicator indicator;

	int error = stix2_marking_collect(reader, object, &markings);
	if (error == 0)
		error = fill_record(reader, object, version, &markings, &indicator);
	if (error == 0)
		error = feed->sink->ops->add_indicator(feed->sink, &indicator, ret_indicator_id);
	if (error == 0)
		error = stix2_marking_apply(reader, &markings, *ret_indicator_id);
	return error;
}

// Counts the values that the intake takes, or returns an error.
static int64_t take_values(struct stix2_reader *reader, const struct stix2_object *object,
                           const struct plan *plan, uint32_t indicator_id)
{
	int64_t taken = 0;

	for (size_t i = 0; i < plan->value_count; i++) {
		struct candidate candidate = plan->values[i];

		candidate.object = object->id;
		int result = intake_add(reader->feed, indicator_id, &candidate);
		if (result < 0)
			return result;
		taken += result;
	}
	return taken;
}

// Adds the record, its values and the object. An indicator of which nothing was taken is taken
// out again: *ret_indicator_id is NO_INDICATOR.
static int add_indicator(struct stix2_reader *reader, const struct stix2_object *object,
                         const struct candidate_version *version, const struct plan *plan,
                         uint32_t *ret_indicator_id)
{
	struct sink *sink = reader->feed->sink;
	uint32_t indicator_id;

	int error = add_record(reader, object, version, &indicator_id);
	if (error != 0)
		return error;

	int64_t taken = take_values(reader, object, plan, indicator_id);
	if (taken < 0)
		return (int)taken;
	if (taken == 0) {
		sink->ops->withdraw(sink, indicator_id, SINK_NOTHING_TAKEN);
		*ret_indicator_id = NO_INDICATOR;
		return 0;
	}
	if (reader->first_indicator_id == NO_INDICATOR)
		reader->first_indicator_id = indicator_id;
	*ret_indicator_id = indicator_id;
	return sink->ops->keep_object(sink, indicator_id, object->id, object->json);
}

static void report_plan(const struct stix2_object *object, const struct plan *plan)
{
	if (plan->outcome == PLAN_VALUES)
		return;
	stix2_object_problem(object, plan->reason,
	                     plan->outcome == PLAN_PARTLY ? "kept without that alternative"
	                                                  : "skipped",
	                     plan->detail);
}

// The newer version takes the older one's place, in this run and in what is remembered of earlier
// ones. Counted once if both are this feed's. `indicator_id`: NO_INDICATOR when nothing of it is
// looked for.
static int replace_held(struct stix2_reader *reader, const struct stix2_object *object,
                        const struct candidate_version *version, uint32_t indicator_id,
                        enum sink_withdrawal why)
{
	struct feed_summary *summary = reader->feed->summary;
	struct sink *sink = reader->feed->sink;
	struct sink_identity identity = {object->id,
	                                 stix2_object_text(object, STIX2_CREATED_BY_REF)};
	bool was_ours = version->held_id != NO_INDICATOR &&
	                reader->first_indicator_id != NO_INDICATOR &&
	                version->held_id >= reader->first_indicator_id;

	if (!stix_id_is(identity.created_by, "identity")) // as in the record
		identity.created_by = slice_text("");
	if (version->held_id != NO_INDICATOR)
		sink->ops->withdraw(sink, version->held_id, why);
	if (was_ours) {
		summary->indicators--;
		summary->duplicates++;
	}
	if (indicator_id != NO_INDICATOR)
		summary->indicators++;
	else if (sink->ops->retire != NULL)
		return sink->ops->retire(sink, &identity, version->modified_ns, why);
	return 0;
}

static int read_pattern(struct stix2_reader *reader, const struct stix2_object *object,
                        const struct candidate_version *version)
{
	struct slice pattern = stix2_object_text(object, STIX2_PATTERN);
	uint32_t indicator_id = NO_INDICATOR;
	struct plan plan;

	if (pattern.size == 0) {
		if (!stix2_object_has(object, STIX2_PATTERN))
			stix2_object_problem(object, "indicator without a pattern", "skipped",
			                     slice_text(""));
		return 0;
	}
	if (is_stix_pattern(object)) {
		int error = plan_pattern(pattern, &reader->arena, &plan);

		if (error != 0)
			return error;
		report_plan(object, &plan);
		if (plan.is_held)
			screening_hold(reader->feed->options->screening, object->id, pattern,
			               "negative pattern: " SCREENING_HELD);
		if (plan.outcome == PLAN_INVALID)
			return 0;
		if (plan.outcome != PLAN_UNMATCHED)
			error = add_indicator(reader, object, version, &plan, &indicator_id);
		if (error != 0)
			return error;
	}
	int error = replace_held(reader, object, version, indicator_id, SINK_REPLACED);
	if (error != 0)
		return error;
	return versions_set(reader->feed->versions, version->key, version->modified_ns,
	                    indicator_id);
}

static int revoke(struct stix2_reader *reader, const struct stix2_object *object,
                  const struct candidate_version *version)
{
	stix2_object_problem(object, "revoked",
	                     version->held_id != NO_INDICATOR ? "withdrawn" : NULL, slice_text(""));
	int error = replace_held(reader, object, version, NO_INDICATOR, SINK_REVOKED);
	if (error != 0)
		return error;
	return versions_revoke(reader->feed->versions, version->key);
}

// The version of the same id goes, and so do its values wherever the source listed them.
static int remove_listed(struct stix2_reader *reader, const struct stix2_object *object,
                         const struct candidate_version *version)
{
	int error = stix2_removal_apply(reader, object, version->modified_ns);

	if (error == 0)
		error = replace_held(reader, object, version, NO_INDICATOR, SINK_REPLACED);
	if (error != 0)
		return error;
	return versions_set(reader->feed->versions, version->key, version->modified_ns,
	                    NO_INDICATOR);
}

int stix2_indicator_read(struct stix2_reader *reader, const struct stix2_object *object)
{
	struct feed *feed = reader->feed;
	struct candidate_version version = {.modified_ns = TIMESTAMP_MIN};

	if (!has_usable_id(object))
		return 0;
	version.key = versions_key(feed->versions, object->id, feed->source,
	                           stix2_object_text(object, STIX2_CREATED_BY_REF));
	versions_prefetch(feed->versions, version.key);
	if (!stix2_object_time(object, STIX2_MODIFIED, &version.modified_ns))
		(void)stix2_object_time(object, STIX2_CREATED, &version.modified_ns);
	version.news = versions_judge(feed->versions, version.key, version.modified_ns,
	                              &version.held_id);

	// Revoking is for ever (STIX 2.1, section 3.2), whatever comes in which order.
	if (version.news != VERSION_REVOKED && is_revoked(object))
		return revoke(reader, object, &version);
	bool is_news = version.news == VERSION_NEW || version.news == VERSION_NEWER;
	if (is_news && stix2_removal_is(reader, object))
		return remove_listed(reader, object, &version);
	if (is_news)
		return read_pattern(reader, object, &version);
	feed->summary->duplicates++;
	return 0;
}
