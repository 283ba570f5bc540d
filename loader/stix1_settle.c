// The end of a package: what is pending is evaluated and added.
#include "loader/stix1.h"

#include <errno.h>

#include "base/buffer.h"
#include "loader/sink.h"
#include "loader/stix1_evaluate.h"
#include "loader/versions.h"

enum { VALUE_TEXT_BYTES_MAX = 2048 }; // of the record: what goes beyond is left out

struct settlement {
	struct stix1_reader *reader;
	struct stix1_evaluation evaluation;
	struct buffer value, threat_types, report_names; // of the record at hand
};

static void tell(struct settlement *settlement, const struct stix1_pending *pending,
                 const struct problem *problem)
{
	struct problem told = *problem;

	told.object = pending->record.id;
	if (told.line == 0)
		told.line = pending->line;
	report_add(&settlement->reader->feed->summary->report, &told);
}

static void tell_notes(struct settlement *settlement, const struct stix1_pending *pending,
                       const char *consequence)
{
	const struct stix1_evaluation *evaluation = &settlement->evaluation;

	for (size_t i = 0; i < evaluation->note_count; i++)
		tell(settlement, pending,
		     &(struct problem){
			     .reason = evaluation->notes[i].reason,
			     .consequence = consequence,
			     .detail = evaluation->notes[i].detail,
			     .line = evaluation->notes[i].line,
		     });
}

static void append_item(struct buffer *list, struct slice item)
{
	if (item.size == 0)
		return;
	if (list->size > 0)
		buffer_append_byte(list, '\n');
	for (size_t i = 0; i < item.size; i++)
		buffer_append_byte(list, item.data[i] == '\n' ? ' ' : item.data[i]);
}

static void append_values(const struct stix1_evaluation *evaluation, struct buffer *text)
{
	for (size_t i = 0; i < evaluation->value_count; i++) {
		struct slice value = evaluation->values[i]->text;

		if (text->size + value.size > VALUE_TEXT_BYTES_MAX) {
			buffer_append_text(text, text->size > 0 ? " OR ..." : "...");
			return;
		}
		if (i > 0)
			buffer_append_text(text, " OR ");
		buffer_append_slice(text, value);
	}
}

// Joins what the indicator, its packages and its TTPs say.
static int complete_record(struct settlement *settlement, struct stix1_pending *pending)
{
	const struct stix1_reader *reader = settlement->reader;
	struct indicator *record = &pending->record;
	enum tlp strictest = record->tlp;

	buffer_clear(&settlement->value);
	buffer_clear(&settlement->threat_types);
	buffer_clear(&settlement->report_names);
	append_values(&settlement->evaluation, &settlement->value);
	buffer_append_slice(&settlement->threat_types, record->threat_types);
	for (const struct stix1_text *ttp = pending->ttps; ttp != NULL; ttp = ttp->next) {
		const struct stix1_entry *entry = stix1_index_find(&reader->index, ttp->text);

		if (entry != NULL)
			append_item(&settlement->threat_types, entry->title);
	}
	for (const struct stix1_package *package = pending->package; package != NULL;
	     package = package->outer) {
		if (package->tlp > strictest)
			strictest = package->tlp;
		if (record->created_by.size == 0)
			record->created_by = package->creator;
		append_item(&settlement->report_names, package->title);
	}
	if (settlement->value.failed || settlement->threat_types.failed ||
	    settlement->report_names.failed)
		return -ENOMEM;
	record->value = buffer_slice(&settlement->value);
	record->threat_types = buffer_slice(&settlement->threat_types);
	record->report_names = buffer_slice(&settlement->report_names);
	record->tlp = strictest != TLP_NONE ? strictest : reader->feed->options->tlp;
	return 0;
}

// Counts the values that the intake takes, or returns an error.
static int64_t take_values(struct settlement *settlement, const struct stix1_pending *pending,
                           uint32_t indicator_id)
{
	const struct stix1_evaluation *evaluation = &settlement->evaluation;
	int64_t taken = 0;

	for (size_t i = 0; i < evaluation->value_count; i++) {
		struct candidate candidate = *evaluation->values[i];

		candidate.object = pending->record.id;
		int result = intake_add(settlement->reader->feed, indicator_id, &candidate);
		if (result < 0)
			return result;
		taken += result;
	}
	return taken;
}

// NO_INDICATOR when nothing of it was taken.
static int add_indicator(struct settlement *settlement, const struct stix1_pending *pending,
                         uint32_t *ret_indicator_id)
{
	struct sink *sink = settlement->reader->feed->sink;
	uint32_t indicator_id;
	int error = sink->ops->add_indicator(sink, &pending->record, &indicator_id);

	if (error != 0)
		return error;

	int64_t taken = take_values(settlement, pending, indicator_id);
	if (taken < 0)
		return (int)taken;
	if (taken == 0)
		sink->ops->withdraw(sink, indicator_id, SINK_NOTHING_TAKEN);
	*ret_indicator_id = taken > 0 ? indicator_id : NO_INDICATOR;
	return 0;
}

// The version known is out, here and in what is remembered of earlier runs.
static int take_out(struct stix1_reader *reader, const struct sink_identity *identity,
                    uint32_t held_id, int64_t modified_ns, enum sink_withdrawal why)
{
	struct sink *sink = reader->feed->sink;

	if (held_id != NO_INDICATOR) {
		sink->ops->withdraw(sink, held_id, why);
		if (reader->first_indicator_id != NO_INDICATOR &&
		    held_id >= reader->first_indicator_id) {
			reader->feed->summary->indicators--;
			reader->feed->summary->duplicates++;
		}
	}
	return identity != NULL && sink->ops->retire != NULL
	               ? sink->ops->retire(sink, identity, modified_ns, why)
	               : 0;
}

static int add_version(struct settlement *settlement, struct stix1_pending *pending)
{
	struct stix1_reader *reader = settlement->reader;
	struct feed *feed = reader->feed;
	const struct indicator *record = &pending->record;
	const struct sink_identity identity = {record->id, record->created_by};
	uint32_t indicator_id = NO_INDICATOR;
	uint32_t held_id;
	struct version_key key = versions_key(feed->versions, record->id, feed->source,
	                                      record->created_by);
	enum version_news news = versions_judge(feed->versions, key, record->modified_ns, &held_id);

	if (news != VERSION_NEW && news != VERSION_NEWER) {
		feed->summary->duplicates++;
		return 0;
	}
	tell_notes(settlement, pending,
	           settlement->evaluation.value_count > 0 ? "kept without that alternative" : NULL);
	int error = settlement->evaluation.value_count > 0
	                    ? add_indicator(settlement, pending, &indicator_id)
	                    : 0;
	if (error == 0)
		error = take_out(reader, indicator_id == NO_INDICATOR ? &identity : NULL, held_id,
		                 record->modified_ns, SINK_REPLACED);
	if (error != 0)
		return error;
	if (indicator_id != NO_INDICATOR) {
		feed->summary->indicators++;
		if (reader->first_indicator_id == NO_INDICATOR)
			reader->first_indicator_id = indicator_id;
	}
	return versions_set(feed->versions, key, record->modified_ns, indicator_id);
}

// Those that this one says it takes the place of are out for ever.
static int take_out_others(struct settlement *settlement, const struct stix1_pending *pending,
                           const struct stix1_text *others, enum sink_withdrawal why)
{
	struct stix1_reader *reader = settlement->reader;
	struct versions *versions = reader->feed->versions;
	int error = 0;

	for (; others != NULL && error == 0; others = others->next) {
		const struct sink_identity identity = {others->text, pending->record.created_by};
		struct version_key key = versions_key(versions, identity.id, reader->feed->source,
		                                      identity.created_by);
		uint32_t held_id;

		if (slice_equal(identity.id, pending->record.id))
			continue;
		(void)versions_judge(versions, key, TIMESTAMP_MAX, &held_id);
		tell(settlement, pending,
		     &(struct problem){
			     .reason = why == SINK_REVOKED ? "revokes another"
		                                           : "takes the place of another",
			     .consequence = "noted",
			     .detail = others->text,
		     });
		error = take_out(reader, &identity, held_id, pending->record.modified_ns, why);
		if (error == 0)
			error = versions_revoke(versions, key);
	}
	return error;
}

static int settle_indicator(struct settlement *settlement, struct stix1_pending *pending)
{
	int error = stix1_evaluate(&settlement->evaluation, pending->term, pending->is_negated);

	if (error == 0)
		error = complete_record(settlement, pending);
	if (error != 0)
		return error;
	if (pending->is_negated)
		tell(settlement, pending,
		     &(struct problem){.reason = "negative indicator: held for review"});
	else
		error = add_version(settlement, pending);
	if (error == 0)
		error = take_out_others(settlement, pending, pending->revoked, SINK_REVOKED);
	if (error == 0)
		error = take_out_others(settlement, pending, pending->replaced, SINK_REPLACED);
	return error;
}

static bool is_in_watchlist(const struct stix1_pending *pending)
{
	for (const struct stix1_package *package = pending->package; package != NULL;
	     package = package->outer)
		if (package->is_watchlist)
			return true;
	return false;
}

// An observable says what was seen, not that it is bad: it counts only in a package that says of
// itself that it lists indicators.
static int settle_observable(struct settlement *settlement, struct stix1_pending *pending)
{
	const struct stix1_entry *entry = stix1_index_find(&settlement->reader->index,
	                                                   pending->record.id);

	if (entry == NULL || entry->indicator != pending || entry->is_referred)
		return 0;
	if (is_in_watchlist(pending))
		return settle_indicator(settlement, pending);
	tell(settlement, pending,
	     &(struct problem){
		     .reason = "observable that no indicator names",
		     .consequence = "noted, not looked for",
	     });
	return 0;
}

int stix1_settle(struct stix1_reader *reader)
{
	struct settlement settlement = {.reader = reader, .evaluation.reader = reader};
	struct stix1_pending *pending;
	int error = 0;

	for (pending = reader->first_pending; pending != NULL && error == 0;
	     pending = pending->next)
		if (!pending->is_alone)
			error = settle_indicator(&settlement, pending);
	for (pending = reader->first_pending; pending != NULL && error == 0;
	     pending = pending->next)
		if (pending->is_alone)
			error = settle_observable(&settlement, pending);
	stix1_evaluation_close(&settlement.evaluation);
	buffer_close(&settlement.value);
	buffer_close(&settlement.threat_types);
	buffer_close(&settlement.report_names);
	return error;
}
