#include "loader/sync.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "loader/fetch.h"
#include "loader/guard.h"
#include "loader/guard_run.h"
#include "loader/http_client.h"
#include "loader/public_suffix.h"
#include "loader/screening.h"
#include "loader/store_review.h"
#include "loader/sync_schedule.h"

const char *sync_state_name(enum sync_state state)
{
	static const char *const names[] = {
		[SYNC_DONE] = "done",     [SYNC_UNCHANGED] = "unchanged", [SYNC_HELD] = "held",
		[SYNC_FAILED] = "failed", [SYNC_STOPPED] = "stopped",
	};

	return names[state];
}

void sync_outcome_close(struct sync_outcome *outcome)
{
	report_clear(&outcome->feed.report);
}

static int put_source(struct store *store, const struct source_config *source,
                      uint32_t *ret_source_id)
{
	const struct store_source row = {
		.name = source->name,
		.kind = source_kind_name(source->kind),
		.address = source->address,
		.group = source->group,
		.role = source->role,
		.reliability = source->reliability,
		.tlp = source->tlp,
		.is_snapshot = source->is_snapshot,
	};

	return store_source_put(store, &row, ret_source_id);
}

struct accepting {
	struct screening *screening;
	uint32_t source_id;
};

static int accept_value(void *context, const struct review *review)
{
	const struct accepting *accepting = context;

	if (review->kind != REVIEW_VALUE || review->source_id != accepting->source_id)
		return 0;
	return screening_accept(accepting->screening, slice_text(review->subject));
}

static int open_screening(struct fetch *fetch)
{
	const struct config *config = fetch->config;
	const struct screening_own own = {
		.networks = config->own_networks,
		.names = config->own_names,
		.network_count = config->own_network_count,
		.name_count = config->own_name_count,
	};
	int error = screening_create(&own, &fetch->screening);

	if (error < 0)
		return error;
	struct accepting accepting = {fetch->screening, fetch->source_id};
	return store_review_each(fetch->store, REVIEW_ACCEPTED, accept_value, &accepting);
}

static void close_fetch(struct fetch *fetch)
{
	fetch_abandon(fetch);
	screening_free(fetch->screening);
	http_client_free(fetch->http);
}

// Errors of our own end everything; others are the source's.
static bool is_ours(const struct fetch *fetch, int error)
{
	bool is_stores = store_failure_count(fetch->store) != fetch->store_failure_count;

	return error == -ENOMEM || error == -EBUSY || error == -EROFS || error == -ENOSPC ||
	       ((error == -EIO || error == -EBADMSG || error == -EACCES) && is_stores) ||
	       (error == -ECANCELED && fetch->is_stopped != NULL &&
	        fetch->is_stopped(fetch->context));
}

const char *sync_error_text(int error)
{
	if (error == -EBADMSG)
		return "what came is damaged, or of no kind that is read";
	if (error == -EBUSY)
		return "another process is writing to the store, and did not end: try again later";
	return strerror(-error);
}

// Why it failed, for `source list`: the last thing that was reported, or the error's own words.
static void describe_error(const struct sync_outcome *outcome, char ret_text[PROBLEM_TEXT_BYTES])
{
	const struct report *report = &outcome->feed.report;
	struct buffer text = {0};

	if (report->reason_count == 0) {
		buffer_append_text(&text, sync_error_text(outcome->error));
	} else {
		const struct report_reason *last = &report->reasons[report->reason_count - 1];

		buffer_format(&text, "%s", last->reason);
		if (last->example_count > 0 && last->examples[0].object[0] != '\0')
			buffer_format(&text, ": %s", last->examples[0].object);
		if (last->example_count > 0 && last->examples[0].detail[0] != '\0')
			buffer_format(&text, ": %s", last->examples[0].detail);
	}
	report_printable(buffer_slice(&text), ret_text);
	buffer_close(&text);
}

// The guards measure the next run against this one.
static int end_run(struct fetch *fetch)
{
	struct store_source row;
	int error = 0;

	if (fetch->has_committed && !fetch->is_complete)
		error = guard_settle(fetch->store, fetch->source_id, false);

	if (error == 0)
		error = store_source_get(fetch->store, fetch->source->name, &row);
	return error < 0 ? error : guard_run_end(fetch->store, fetch->source_id, row.live);
}

static int settle_outcome(struct fetch *fetch, int error)
{
	struct sync_outcome *outcome = fetch->outcome;
	char text[PROBLEM_TEXT_BYTES] = "";

	if (error == -EBUSY && fetch->is_stopped != NULL && fetch->is_stopped(fetch->context))
		error = -ECANCELED; // stopped while it waited
	outcome->error = error;
	if (error == -ECANCELED) {
		outcome->state = SYNC_STOPPED;
	} else if (error < 0) {
		outcome->state = SYNC_FAILED;
		describe_error(outcome, text);
	} else if (outcome->state == SYNC_HELD) {
		(void)strcpy(text, "held for review");
	}
	if (error == -EBUSY) // neither can that be noted
		return error;
	int told = outcome->state == SYNC_STOPPED
	                   ? 0
	                   : store_source_attempted(fetch->store, fetch->source_id, fetch->now_ns,
	                                            text);
	if (told == 0 && outcome->state != SYNC_STOPPED)
		told = sync_schedule_note(fetch->store, fetch->source_id,
		                          outcome->state == SYNC_FAILED);
	return error < 0 && is_ours(fetch, error) ? error : told;
}

static int64_t monotonic_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static struct fetch fetch_of(const struct sync_options *options, const struct source_config *source,
                             struct sync_outcome *outcome)
{
	return (struct fetch){
		.config = options->config,
		.source = source,
		.guards = &options->config->guards,
		.store = options->store,
		.outcome = outcome,
		.is_full = options->is_full,
		.store_failure_count = options->store != NULL ? store_failure_count(options->store)
	                                                      : 0,
		.is_stopped = options->is_stopped,
		.progress = options->progress,
		.context = options->context,
	};
}

int sync_source(const struct sync_options *options, const struct source_config *source,
                int64_t now_ns, struct sync_outcome *ret_outcome)
{
	AUTO(public_suffixes) suffixes = NULL;
	int64_t start_ns = monotonic_ns();

	*ret_outcome = (struct sync_outcome){.feed = {.report = {.input = source->name}}};
	struct fetch fetch = fetch_of(options, source, ret_outcome);
	fetch.now_ns = now_ns;
	int error = put_source(options->store, source, &fetch.source_id);
	if (error == 0)
		error = public_suffixes_load(NULL, &suffixes);
	if (error < 0) {
		ret_outcome->state = SYNC_FAILED;
		ret_outcome->error = error;
		return error;
	}
	fetch.suffixes = suffixes;
	error = open_screening(&fetch);
	if (error == 0)
		error = fetchers[source->kind]->run(&fetch);
	if (error == 0 && ret_outcome->state != SYNC_HELD)
		error = end_run(&fetch);
	close_fetch(&fetch);
	error = settle_outcome(&fetch, error);
	ret_outcome->duration_ns = monotonic_ns() - start_ns;
	return error;
}

static void pass_on(void *context, const struct report *report, const struct problem *problem)
{
	(void)report;
	report_add(context, problem);
}

int sync_test(const struct sync_options *options, const struct source_config *source,
              struct report *report, struct buffer *ret_text)
{
	struct sync_outcome outcome = {.feed.report = {.each = pass_on, .each_context = report}};
	struct fetch fetch = fetch_of(options, source, &outcome);
	int error = fetchers[source->kind]->test(&fetch, report, ret_text);

	close_fetch(&fetch);
	sync_outcome_close(&outcome);
	return error;
}
