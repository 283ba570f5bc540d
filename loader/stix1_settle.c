// The end of a package: what is pending is evaluated and added.
#include "loader/stix1.h"

#include <errno.h>

#include "base/buffer.h"
#include "loader/screening.h"
#include "loader/stix1_evaluate.h"

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

static void hold(struct settlement *settlement, const struct stix1_pending *pending,
                 struct slice text, const char *reason)
{
	screening_hold(settlement->reader->feed->options->screening, pending->record.id, text,
	               reason);
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

static int add_version(struct settlement *settlement, const struct stix1_pending *pending)
{
	const struct stix1_evaluation *evaluation = &settlement->evaluation;
	struct versioned *versioned = &settlement->reader->versioned;

	if (!versioned_is_news(versioned, &pending->record))
		return 0;
	for (size_t i = 0; i < evaluation->note_count; i++)
		if (slice_ends_with(slice_text(evaluation->notes[i].reason), SCREENING_HELD))
			hold(settlement, pending, evaluation->notes[i].detail,
			     evaluation->notes[i].reason);
	tell_notes(settlement, pending,
	           evaluation->value_count > 0 ? "kept without that alternative" : NULL);
	return versioned_add(versioned, &pending->record, evaluation->values,
	                     evaluation->value_count);
}

// Those that this one says it takes the place of are out for ever.
static int take_out_others(struct settlement *settlement, const struct stix1_pending *pending,
                           const struct stix1_text *others, enum sink_withdrawal why)
{
	int error = 0;

	for (; others != NULL && error == 0; others = others->next) {
		const struct sink_identity identity = {others->text, pending->record.created_by};

		if (slice_equal(identity.id, pending->record.id))
			continue;
		tell(settlement, pending,
		     &(struct problem){
			     .reason = why == SINK_REVOKED ? "revokes another"
		                                           : "takes the place of another",
			     .consequence = "noted",
			     .detail = others->text,
		     });
		error = versioned_withdraw(&settlement->reader->versioned, &identity,
		                           pending->record.modified_ns, why);
	}
	return error;
}

static int settle_indicator(struct settlement *settlement, struct stix1_pending *pending)
{
	static const char is_negative[] = "negative indicator: " SCREENING_HELD;
	int error = stix1_evaluate(&settlement->evaluation, pending->term);

	if (error == 0)
		error = complete_record(settlement, pending);
	if (error != 0)
		return error;
	if (pending->is_negated) {
		tell(settlement, pending, &(struct problem){.reason = is_negative});
		hold(settlement, pending, pending->record.value, is_negative);
	} else {
		error = add_version(settlement, pending);
	}
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
