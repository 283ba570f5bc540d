// Differences of block lists in STIX: a group exchanges what its members apply as "add" and "del"
// (labels of an indicator), with times. Only in the group BLOCKLIST: elsewhere a label is a label.
#include <errno.h>
#include <strings.h>

#include "loader/intake.h"
#include "loader/plan.h"
#include "loader/sink.h"
#include "loader/stix2.h"

static const char difference_group[] = "BLOCKLIST";
static const char *const removal_labels[] = {"del", "delete", "deleted", "remove", "removed"};

static bool is_removal_label(struct slice label)
{
	for (size_t i = 0; i < sizeof(removal_labels) / sizeof(removal_labels[0]); i++)
		if (label.size == strlen(removal_labels[i]) &&
		    strncasecmp((const char *)label.data, removal_labels[i], label.size) == 0)
			return true;
	return false;
}

bool stix2_removal_is(const struct stix2_reader *reader, const struct stix2_object *object)
{
	const char *group = reader->feed->options->group;
	struct json_value labels;
	struct json_value label;

	if (group == NULL || strcasecmp(group, difference_group) != 0 ||
	    !stix2_object_has(object, STIX2_LABELS) ||
	    json_reader_type(object->values[STIX2_LABELS]) != JSON_ARRAY)
		return false;
	labels = object->values[STIX2_LABELS];
	struct json_walk walk = json_reader_walk(labels);
	while (json_reader_next_item(&walk, &label))
		if (json_reader_type(label) == JSON_STRING &&
		    is_removal_label(json_reader_string(label)))
			return true;
	return false;
}

static int remove_value(struct stix2_reader *reader, const struct stix2_object *object,
                        struct candidate candidate, int64_t time_ns)
{
	struct feed *feed = reader->feed;
	const struct intake_value *value;

	candidate.object = object->id;
	int result = intake_prepare(feed, &candidate, &value);
	if (result == 1)
		result = feed->sink->ops->remove_value(feed->sink, feed->source, value, time_ns);
	if (result == 1)
		feed->summary->removed++;
	return result;
}

int stix2_removal_apply(struct stix2_reader *reader, const struct stix2_object *object,
                        int64_t time_ns)
{
	struct slice pattern = stix2_object_text(object, STIX2_PATTERN);
	struct plan plan;
	int removed = 0;

	reader->feed->summary->is_difference = true;
	stix2_object_problem(object, "taken off the block list", "withdrawn", slice_text(""));
	if (pattern.size == 0 || reader->feed->sink->ops->remove_value == NULL)
		return 0;
	int error = plan_pattern(pattern, &reader->arena, &plan);
	if (error != 0)
		return error;
	for (size_t i = 0; i < plan.value_count && removed >= 0; i++)
		removed = remove_value(reader, object, plan.values[i], time_ns);
	return removed < 0 ? removed : 0;
}
