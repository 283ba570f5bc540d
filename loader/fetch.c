#include "loader/fetch.h"

#include <errno.h>
#include <stdio.h>

#include "loader/guard.h"
#include "loader/guard_run.h"
#include "loader/http_client.h"
#include "loader/loader.h"
#include "loader/screening.h"
#include "loader/store_review.h"

const struct fetcher_ops *const fetchers[SOURCE_KIND_COUNT] = {
	[SOURCE_FILE] = &fetch_file,           [SOURCE_HTTP] = &fetch_http,
	[SOURCE_MAIL] = &fetch_mail,           [SOURCE_TAXII1] = &fetch_taxii1,
	[SOURCE_TAXII20] = &fetch_taxii20,     [SOURCE_TAXII21] = &fetch_taxii21,
	[SOURCE_MISP_FEED] = &fetch_misp_feed,
};

void fetch_abandon(struct fetch *fetch)
{
	loader_free(fetch->loader);
	fetch->loader = NULL;
	store_delivery_free(fetch->delivery);
	fetch->delivery = NULL;
}

void fetch_is_partial(struct fetch *fetch)
{
	fetch->is_complete = false;
	if (fetch->delivery != NULL)
		store_delivery_is_partial(fetch->delivery);
}

int fetch_begin(struct fetch *fetch, bool is_complete)
{
	if (fetch->delivery != NULL)
		return 0;
	const struct delivery_options options = {
		.source_id = fetch->source_id,
		.time_ns = fetch->now_ns,
		.is_complete = is_complete,
		.is_known_benign = fetch->source->role == SOURCE_KNOWN_BENIGN,
	};
	int error = store_delivery_begin(fetch->store, &options, &fetch->delivery);
	if (error == 0)
		error = loader_create_into(store_delivery_sink(fetch->delivery), fetch->suffixes,
		                           &fetch->loader);
	if (error < 0)
		fetch_abandon(fetch);
	fetch->is_complete = is_complete;
	return error;
}

// What one body brought, to what the others did. Problems were told as they came.
static void add_summary(struct feed_summary *sum, const struct feed_summary *feed)
{
	sum->format = feed->format;
	sum->bytes += feed->bytes;
	sum->objects += feed->objects;
	sum->indicators += feed->indicators;
	for (unsigned i = 0; i < OBSERVABLE_TYPE_COUNT; i++)
		sum->values[i] += feed->values[i];
	sum->patterns += feed->patterns;
	sum->duplicates += feed->duplicates;
	sum->known_benign += feed->known_benign;
	sum->is_damaged |= feed->is_damaged;
	sum->duration_ns += feed->duration_ns;
}

static void pass_on(void *context, const struct report *report, const struct problem *problem)
{
	(void)report;
	report_add(context, problem);
}

static struct feed_options options_of(const struct fetch *fetch, const char *name, int fd,
                                      enum feed_format format)
{
	const struct source_config *source = fetch->source;

	return (struct feed_options){
		.path = name,
		.fd = fd,
		.format = format != FEED_AUTO ? format : source->format,
		.source = source->name,
		.group = source->group,
		.tlp = source->tlp,
		.is_source_hidden = source->is_hidden,
		.has_plain_names = source->has_plain_names,
		.is_mail_text_skipped = source->has_attachments_only,
		.is_known_benign = source->role == SOURCE_KNOWN_BENIGN,
		.csv_columns = source->csv_columns,
		.types = source->types,
		.types_count = source->types_count,
		.time_ns = fetch->now_ns,
		.latest_ns = fetch->now_ns + fetch->guards->clock_ahead_s * NS_PER_S,
		.screening = fetch->screening,
	};
}

static bool tells_progress(void *context, uint64_t bytes)
{
	const struct fetch *fetch = context;

	if (fetch->is_stopped != NULL && fetch->is_stopped(fetch->context))
		return false;
	return fetch->progress == NULL ||
	       fetch->progress(fetch->context, fetch->outcome->bytes + bytes);
}

int fetch_read_body(struct fetch *fetch, const char *name, int fd, enum feed_format format)
{
	struct sync_outcome *outcome = fetch->outcome;
	const struct feed_options options = options_of(fetch, name, fd, format);
	struct feed_summary summary = {
		.report = {.each = pass_on, .each_context = &outcome->feed.report},
	};
	int error = loader_read_feed(fetch->loader, &options, tells_progress, fetch, &summary);

	outcome->bodies++;
	outcome->bytes += summary.bytes;
	add_summary(&outcome->feed, &summary);
	// A bundle tells what goes by revoking it: nothing follows from what it leaves out.
	bool is_bundle = fetch->source->is_snapshot_by_format && summary.format == FEED_STIX;
	if (error < 0 || summary.is_damaged || summary.is_difference || is_bundle)
		fetch_is_partial(fetch);
	report_clear(&summary.report);
	return error;
}

static int queue(struct fetch *fetch, enum review_kind kind,
                 const struct screening_refused refused[], unsigned count)
{
	enum review_state state;
	int error = 0;

	for (unsigned i = 0; i < count && error == 0; i++)
		error = store_review_add(fetch->store,
		                         &(struct review){
						 .kind = kind,
						 .source_id = fetch->source_id,
						 .subject = refused[i].value,
						 .reason = refused[i].reason,
						 .time_ns = fetch->now_ns,
					 },
		                         &state);
	return error;
}

static void tell_further(struct fetch *fetch, const char *reason, uint64_t further)
{
	if (further > 0)
		report_note(&fetch->outcome->feed.report, reason, slice_text(fetch->source->name),
		            "%llu more are not queued for review", (unsigned long long)further);
}

// What the screen refused or held goes to where a person sees it; items are bounded by the
// screening.
static int queue_refused(struct fetch *fetch)
{
	const struct screening_refused *refused;
	const struct screening_refused *held;
	uint64_t further;
	unsigned count = screening_refused(fetch->screening, &refused, &further);

	tell_further(fetch, "refused by the screen", further);
	int error = queue(fetch, REVIEW_VALUE, refused + fetch->queued_count,
	                  count - fetch->queued_count);
	fetch->queued_count = count;
	count = screening_held(fetch->screening, &held, &further);
	tell_further(fetch, "patterns held for review", further);
	if (error == 0)
		error = queue(fetch, REVIEW_PATTERN, held + fetch->queued_pattern_count,
		              count - fetch->queued_pattern_count);
	fetch->queued_pattern_count = count;
	return error;
}

static int hold(struct fetch *fetch, const struct delivery_counts *counts,
                const struct guard_verdict *verdict)
{
	fetch_abandon(fetch);
	report_add(&fetch->outcome->feed.report,
	           &(struct problem){
			   .reason = "delivery held for review",
			   .consequence = "nothing of it is taken, the last good data stay",
			   .object = slice_text(fetch->source->name),
			   .detail = slice_text(verdict->reason),
		   });
	fetch->outcome->state = SYNC_HELD;
	int error = guard_ask(fetch->store, fetch->source_id, counts, verdict, fetch->now_ns);
	return error < 0 ? error : 1;
}

// Several deliveries of a run, summed; what was before is of the first.
static void add_counts(struct delivery_counts *sum, const struct delivery_counts *counts,
                       bool is_first)
{
	uint64_t before = is_first ? counts->live_before : sum->live_before;

	sum->seen += counts->seen;
	sum->added += counts->added;
	sum->changed += counts->changed;
	sum->unchanged += counts->unchanged;
	sum->outdated += counts->outdated;
	sum->removed += counts->removed;
	sum->absent += counts->absent;
	sum->live_before = before;
	sum->live_after = counts->live_after;
}

static int commit(struct fetch *fetch, const struct delivery_counts *counts, bool is_judged)
{
	struct sync_outcome *outcome = fetch->outcome;
	int error = is_judged ? guard_settle(fetch->store, fetch->source_id, true) : 0;

	if (error == 0 && !fetch->is_complete)
		error = guard_run_note(fetch->store, fetch->source_id, counts);

	if (error == 0)
		error = queue_refused(fetch);
	if (error == 0)
		error = store_delivery_commit(fetch->delivery);
	if (error == 0) {
		add_counts(&outcome->counts, counts, !fetch->has_committed);
		fetch->has_committed = true;
	}
	fetch_abandon(fetch);
	return error;
}

// *ret_judged is what the guards look at. Returns 1 when it may pass, 0 when not, or an error.
static int ask_guards(struct fetch *fetch, const struct delivery_counts *counts,
                      struct delivery_counts *ret_judged, struct guard_verdict *ret_verdict)
{
	bool is_whole = fetch->is_complete;

	*ret_judged = *counts;
	if (!is_whole) {
		int result = guard_run_counts(fetch->store, fetch->source_id, counts, ret_judged);

		if (result < 0)
			return result;
		is_whole = result == 1;
	}
	guard_judge(fetch->guards, ret_judged, is_whole, ret_verdict);
	ret_verdict->is_complete = fetch->is_complete;
	if (!ret_verdict->is_held)
		return 1;
	return guard_is_permitted(fetch->store, fetch->source_id, fetch->is_complete, ret_judged);
}

int fetch_commit(struct fetch *fetch)
{
	struct delivery_counts counts = {0};
	struct delivery_counts judged;
	struct guard_verdict verdict;
	int result = loader_finish(fetch->loader, &fetch->outcome->feed.report);

	if (result == 0)
		result = store_delivery_settle(fetch->delivery, &counts);
	if (result == 0)
		result = ask_guards(fetch, &counts, &judged, &verdict);
	if (result == 1)
		return commit(fetch, &counts, fetch->is_complete && !verdict.is_held);
	if (result == 0)
		return hold(fetch, &judged, &verdict);
	fetch_abandon(fetch);
	return result;
}

bool fetch_has_enough(struct fetch *fetch, const char *collection)
{
	char detail[64];

	if (++fetch->page_count < fetch->source->pages_max)
		return false;
	(void)snprintf(detail, sizeof(detail), "%u, and more to come", fetch->page_count);
	report_add(&fetch->outcome->feed.report,
	           &(struct problem){
			   .reason = "more pages than one run takes",
			   .consequence = "kept what came, the next run goes on",
			   .object = slice_text(collection),
			   .detail = slice_text(detail),
		   });
	return true;
}

int fetch_http_client(struct fetch *fetch, struct http_client **ret_client)
{
	int error = 0;

	if (fetch->http == NULL)
		error = http_client_create(fetch->source, fetch->is_stopped, fetch->context,
		                           &fetch->outcome->feed.report, &fetch->http);
	if (error == 0)
		*ret_client = fetch->http;
	return error;
}
