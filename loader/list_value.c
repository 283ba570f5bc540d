#include "loader/list_value.h"

#include <errno.h>

#include "loader/sink.h"

struct candidate list_value_candidate(struct slice text, uint64_t line)
{
	return (struct candidate){
		.kind = VALUE_ANY,
		.text = text,
		.is_defanged = true,
		.has_wildcards = true,
		.line = line,
	};
}

int list_value_take(struct feed *feed, const struct indicator *indicator,
                    const struct intake_value *value, struct slice spelled, uint64_t line)
{
	struct indicator record = *indicator;
	uint32_t indicator_id;

	record.value = spelled;
	record.line = line;
	int result = feed->sink->ops->add_indicator(feed->sink, &record, &indicator_id);
	if (result < 0)
		return result;
	result = intake_take(feed, indicator_id, value);
	if (result == 1)
		feed->summary->indicators++;
	else
		feed->sink->ops->withdraw(feed->sink, indicator_id, SINK_NOTHING_TAKEN);
	return result;
}

int list_value_add(struct feed *feed, const struct indicator *indicator,
                   const struct candidate *candidate)
{
	const struct intake_value *value;
	int result = intake_check(feed, candidate, &value);

	return result != 1 ? result
	                   : list_value_take(feed, indicator, value, slice_trim(candidate->text),
	                                     candidate->line);
}
