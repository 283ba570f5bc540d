#include "loader/sink_terms.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <strings.h>

// Our word for one of the source's.
static struct slice translate(const struct feed_options *options, struct slice word)
{
	for (unsigned i = 0; i < options->types_count; i++) {
		struct slice theirs = slice_text(options->types[i][0]);

		if (theirs.size == word.size &&
		    strncasecmp((const char *)theirs.data, (const char *)word.data, word.size) == 0)
			return slice_text(options->types[i][1]);
	}
	return word;
}

static int translate_all(struct sink_terms *terms, struct slice *threat_types)
{
	struct buffer *list = &terms->threat_types;
	struct slice rest = *threat_types;

	buffer_clear(list);
	while (rest.size > 0) {
		struct slice word = slice_first(rest, slice_find(rest, '\n'));

		if (list->size > 0)
			buffer_append_byte(list, '\n');
		buffer_append_slice(list, translate(terms->options, slice_trim(word)));
		rest = slice_from(rest, word.size + 1);
	}
	*threat_types = buffer_slice(list);
	return list->failed ? -ENOMEM : 0;
}

static void doubt_times(struct sink_terms *terms, struct indicator *indicator)
{
	int64_t latest_ns = terms->options->latest_ns;

	if (latest_ns == 0)
		return;
	// Whatever is newer than now would stay the newest version for ever.
	if (indicator->modified_ns > latest_ns || indicator->created_ns > latest_ns) {
		terms->clock_ahead++;
		if (indicator->modified_ns > latest_ns)
			indicator->modified_ns = terms->options->time_ns;
		if (indicator->created_ns > latest_ns)
			indicator->created_ns = TIMESTAMP_MIN;
	}
	// Of STIX its reader tells, with the object's id.
	terms->never_valid += indicator->id.size == 0 &&
	                      indicator->valid_until_ns <= indicator->valid_from_ns;
}

static bool is_only_counted(const struct sink_terms *terms)
{
	return terms->options->is_known_benign && !terms->behind->takes_known_benign;
}

static int terms_add_indicator(struct sink *sink, const struct indicator *indicator,
                               uint32_t *ret_indicator_id)
{
	struct sink_terms *terms = (struct sink_terms *)(void *)sink;
	struct indicator record = *indicator;

	if (is_only_counted(terms)) {
		*ret_indicator_id = ++terms->counted_id;
		return 0;
	}
	doubt_times(terms, &record);
	if (terms->options->types_count > 0 && record.threat_types.size > 0) {
		int error = translate_all(terms, &record.threat_types);

		if (error < 0)
			return error;
	}
	return terms->behind->ops->add_indicator(terms->behind, &record, ret_indicator_id);
}

static int terms_add_value(struct sink *sink, uint32_t indicator_id,
                           const struct intake_value *value, const char **ret_reason)
{
	struct sink_terms *terms = (struct sink_terms *)(void *)sink;

	if (terms->options->is_known_benign) {
		terms->known_benign++;
		if (!terms->behind->takes_known_benign)
			return 1;
	}
	return terms->behind->ops->add_value(terms->behind, indicator_id, value, ret_reason);
}

static void terms_withdraw(struct sink *sink, uint32_t indicator_id, enum sink_withdrawal why)
{
	struct sink_terms *terms = (struct sink_terms *)(void *)sink;

	if (!is_only_counted(terms))
		terms->behind->ops->withdraw(terms->behind, indicator_id, why);
}

static int terms_retire(struct sink *sink, const struct sink_identity *identity,
                        int64_t modified_ns, enum sink_withdrawal why)
{
	struct sink_terms *terms = (struct sink_terms *)(void *)sink;
	int64_t latest_ns = terms->options->latest_ns;

	if (is_only_counted(terms) || terms->behind->ops->retire == NULL)
		return 0;
	if (latest_ns != 0 && modified_ns > latest_ns) {
		terms->clock_ahead++;
		modified_ns = terms->options->time_ns;
	}
	return terms->behind->ops->retire(terms->behind, identity, modified_ns, why);
}

static int terms_remove_value(struct sink *sink, struct slice source,
                              const struct intake_value *value, int64_t time_ns)
{
	struct sink_terms *terms = (struct sink_terms *)(void *)sink;

	if (is_only_counted(terms) || terms->behind->ops->remove_value == NULL)
		return 0;
	return terms->behind->ops->remove_value(terms->behind, source, value, time_ns);
}

static int terms_keep_object(struct sink *sink, uint32_t indicator_id, struct slice id,
                             struct slice json)
{
	struct sink_terms *terms = (struct sink_terms *)(void *)sink;

	if (is_only_counted(terms))
		return 0;
	return terms->behind->ops->keep_object(terms->behind, indicator_id, id, json);
}

static const struct sink_ops terms_ops = {
	.add_indicator = terms_add_indicator,
	.add_value = terms_add_value,
	.withdraw = terms_withdraw,
	.retire = terms_retire,
	.remove_value = terms_remove_value,
	.keep_object = terms_keep_object,
};

bool sink_terms_are_needed(const struct feed_options *options)
{
	return options->is_known_benign || options->types_count > 0 || options->latest_ns != 0;
}

void sink_terms_open(struct sink_terms *terms, const struct feed_options *options,
                     struct sink *behind)
{
	*terms = (struct sink_terms){
		.sink = {.ops = &terms_ops,
	                 .takes_known_benign = behind->takes_known_benign,
	                 .takes_reports = behind->takes_reports},
		.behind = behind,
		.options = options,
	};
}

static void tell_count(struct report *report, const char *reason, const char *consequence,
                       uint64_t count)
{
	char detail[64];

	if (count == 0)
		return;
	(void)snprintf(detail, sizeof(detail), "%" PRIu64 " times", count);
	report_add(report, &(struct problem){.reason = reason,
	                                     .consequence = consequence,
	                                     .detail = slice_text(detail)});
}

void sink_terms_close(struct sink_terms *terms, struct feed_summary *summary)
{
	summary->known_benign += terms->known_benign;
	tell_count(&summary->report, "created or modified in the future",
	           "kept, but the time is not believed", terms->clock_ahead);
	tell_count(&summary->report, "valid_until is not after valid_from", "kept, but never valid",
	           terms->never_valid);
	buffer_close(&terms->threat_types);
}
