#include "loader/taxii2_run.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/temporary_file.h"
#include "base/timestamp.h"
#include "loader/http_wait.h"

// What the store remembers of the source.
static const char note_cursor[] = "taxii2-cursor";     // date and the collection's URL
static const char note_full[] = "taxii2-full";         // when everything was fetched last
static const char note_settings[] = "taxii2-settings"; // how it was read: loader/fetch_digest.h

static struct report *report_of(const struct taxii2_run *run)
{
	return &run->fetch->outcome->feed.report;
}

// ---- beginning -------------------------------------------------------------------------------

static int read_note(struct fetch *fetch, const char *name, struct buffer *text)
{
	int error = store_source_noted(fetch->store, fetch->source_id, name, text);

	buffer_append_byte(text, '\0');
	return text->failed ? -ENOMEM : error;
}

// A cursor of another collection says nothing of this one, which is read from the beginning, and
// whole: what the other one had is not there any more.
static int read_cursor(struct taxii2_run *run)
{
	struct buffer text = {0};
	int error = read_note(run->fetch, note_cursor, &text);

	if (error == 0 && text.size > 1) {
		struct slice noted = slice_of(text.data, text.size - 1);
		struct slice date = slice_first(noted, slice_find(noted, ' '));

		run->has_begun = true;
		if (!slice_is(slice_from(noted, date.size + 1), run->collection->url))
			run->is_complete = true;
		else
			(void)timestamp_parse(date, &run->settled_ns); // "-": still none
	}
	buffer_close(&text);
	return error;
}

static int read_schedule(struct taxii2_run *run)
{
	int64_t interval_ns = (int64_t)run->fetch->source->full_resync_s * NS_PER_S;
	struct buffer text = {0};
	int64_t full_ns;
	int error = read_note(run->fetch, note_full, &text);

	if (error == 0 && interval_ns > 0 && text.size > 1 &&
	    timestamp_parse(slice_of(text.data, text.size - 1), &full_ns) == 0 &&
	    run->fetch->now_ns - full_ns >= interval_ns)
		run->is_complete = true;
	buffer_close(&text);
	return error;
}

// What was read under other settings, or before a person accepted something, is read again.
static int read_settings(struct taxii2_run *run)
{
	AUTO(fetch_digest) digest = NULL;
	int is_same = fetch_digest_create(run->fetch, &digest);

	if (is_same < 0)
		return is_same;
	fetch_digest_text(digest, run->settings);
	is_same = fetch_digest_is_noted(run->fetch, note_settings, run->settings);
	if (is_same == 0 && run->has_begun)
		run->is_complete = true;
	return is_same < 0 ? is_same : 0;
}

int taxii2_run_begin(struct fetch *fetch, enum taxii2_version version, struct taxii2_run *ret_run)
{
	struct http_client *http;
	struct taxii2_run *run = ret_run;

	*run = (struct taxii2_run){
		.fetch = fetch,
		.is_complete = fetch->is_full,
		.has_all_versions = true,
		.is_settled_late = version == TAXII_20,
		.settled_ns = TIMESTAMP_MIN,
		.newest_ns = TIMESTAMP_MIN,
		.last_page_ns = TIMESTAMP_MIN,
		.spool_fd = -1,
		.digest_due = 1,
	};
	int error = fetch_http_client(fetch, &http);
	if (error == 0)
		error = taxii2_create(http, version, report_of(run), &run->taxii);
	if (error == 0)
		error = taxii2_look(run->taxii, fetch->source->address);
	if (error == 0)
		error = taxii2_choose(run->taxii, fetch->source->collection, &run->collection);
	if (error == 0)
		error = read_cursor(run);
	if (error == 0)
		error = read_schedule(run);
	if (error == 0)
		error = read_settings(run);
	if (error == 0 && run->is_complete) {
		run->settled_ns = TIMESTAMP_MIN;
		error = temporary_file_open(&run->spool_fd);
	}
	return error;
}

void taxii2_run_close(struct taxii2_run *run)
{
	taxii2_free(TAKE(run->taxii));
	if (run->spool_fd >= 0)
		(void)close(run->spool_fd);
	run->spool_fd = -1;
}

void taxii2_run_added_after(const struct taxii2_run *run, char ret_text[TIMESTAMP_TEXT_BYTES])
{
	ret_text[0] = '\0';
	if (run->settled_ns != TIMESTAMP_MIN)
		timestamp_format(run->settled_ns - NS_PER_S, 6, ret_text);
}

// ---- dates -----------------------------------------------------------------------------------

void taxii2_run_is_partial(struct taxii2_run *run, const char *why)
{
	if (!run->is_partial && run->is_complete)
		report_add(report_of(run), &(struct problem){
						   .reason = "pages changed under the run",
						   .consequence = "kept, nothing is withdrawn",
						   .detail = slice_text(why),
					   });
	run->is_partial = true;
}

// TIMESTAMP_MIN for none. A date of the future would hide all that is added until then.
static int64_t read_date(struct taxii2_run *run, const char *text)
{
	int64_t ahead_ns = (int64_t)run->fetch->guards->clock_ahead_s * NS_PER_S;
	int64_t date_ns;

	if (text[0] == '\0' || timestamp_parse(slice_text(text), &date_ns) < 0)
		return TIMESTAMP_MIN;
	if (date_ns > run->fetch->now_ns + ahead_ns) {
		report_add(report_of(run), &(struct problem){
						   .reason = "date of addition in the future",
						   .consequence = "noted, it does not count",
						   .detail = slice_text(text),
					   });
		return TIMESTAMP_MIN;
	}
	return date_ns;
}

static void tell_unordered(struct taxii2_run *run, const char *date)
{
	if (run->is_unordered)
		return;
	run->is_unordered = true;
	taxii2_run_is_partial(run, "they are not sorted by date of addition");
	report_add(report_of(run), &(struct problem){
					   .reason = "pages not sorted by date of addition",
					   .consequence = "noted, a broken run begins anew",
					   .detail = slice_text(date),
				   });
}

static void move_cursor(struct taxii2_run *run, const struct taxii2_page *page, bool is_last)
{
	int64_t last_ns = read_date(run, page->answer.date_added_last);
	int64_t first_ns = read_date(run, page->answer.date_added_first);

	if (first_ns == TIMESTAMP_MIN)
		first_ns = last_ns;
	if (first_ns != TIMESTAMP_MIN && first_ns < run->last_page_ns)
		tell_unordered(run, page->answer.date_added_first);
	if (run->last_page_ns > run->settled_ns && first_ns != TIMESTAMP_MIN &&
	    !run->is_unordered && !run->is_settled_late)
		run->settled_ns = run->last_page_ns;
	if (last_ns != TIMESTAMP_MIN)
		run->last_page_ns = last_ns;
	if (last_ns > run->newest_ns)
		run->newest_ns = last_ns;
	if (is_last && run->newest_ns > run->settled_ns)
		run->settled_ns = run->newest_ns;
}

// ---- circles ---------------------------------------------------------------------------------

// Brent's way of finding a circle: one page is remembered, a later one whenever the count doubles.
// A circle of any length is found while it is gone through for the third time at the latest.
static bool is_circle(struct taxii2_run *run, const struct taxii2_page *page)
{
	const uint8_t *digest = page->envelope.digest;

	if (page->envelope.object_count == 0)
		return false;
	if (run->page_count > 0 && memcmp(run->digest, digest, TAXII2_DIGEST_BYTES) == 0)
		return true;
	run->page_count++;
	if (run->page_count == run->digest_due) {
		memcpy(run->digest, digest, TAXII2_DIGEST_BYTES);
		run->digest_due *= 2;
	}
	return false;
}

static int check_progress(struct taxii2_run *run, const struct taxii2_page *page, bool is_last)
{
	const char *what = NULL;

	if (page->envelope.object_count > 0)
		run->empty_pages = 0;
	else if (!is_last && ++run->empty_pages > TAXII2_EMPTY_PAGES_MAX)
		what = "more than 10 empty pages in a row, and always more to come";
	if (!is_last && is_circle(run, page))
		what = "a page came again, and always more to come";
	if (what == NULL)
		return 0;
	report_add(report_of(run), &(struct problem){
					   .reason = "the server goes round in a circle",
					   .consequence = "kept what came",
					   .object = slice_text(run->collection->id),
					   .detail = slice_text(what),
				   });
	return -ELOOP;
}

// ---- taking pages ----------------------------------------------------------------------------

static int note_progress(struct taxii2_run *run)
{
	char date[TIMESTAMP_TEXT_BYTES] = "-";
	struct buffer text = {0};
	int error = -ENOMEM;

	if (run->settled_ns != TIMESTAMP_MIN)
		timestamp_format(run->settled_ns, 9, date);
	buffer_format(&text, "%s %s", date, run->collection->url);
	buffer_append_byte(&text, '\0');
	if (!text.failed)
		error = store_source_note(run->fetch->store, run->fetch->source_id, note_cursor,
		                          (const char *)text.data);
	buffer_close(&text);
	if (error == 0)
		error = store_source_note(run->fetch->store, run->fetch->source_id, note_settings,
		                          run->settings);
	return error;
}

// When nothing is known of when all was fetched, all has been, run by run.
static int note_end(struct taxii2_run *run)
{
	char now[TIMESTAMP_TEXT_BYTES];
	struct buffer known = {0};
	int error = read_note(run->fetch, note_full, &known);

	timestamp_format(run->fetch->now_ns, 0, now);
	if (error == 0 && (known.size <= 1 || (run->is_complete && !run->is_partial)))
		error = store_source_note(run->fetch->store, run->fetch->source_id, note_full, now);
	buffer_close(&known);
	return error;
}

static int spool(struct taxii2_run *run, const struct taxii2_page *page)
{
	uint8_t bytes[16 * 1024];
	off_t offset = 0;

	for (;;) {
		ssize_t got = pread(page->answer.body_fd, bytes, sizeof(bytes), offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		offset += got;
		int error = temporary_file_write(run->spool_fd, slice_of(bytes, (size_t)got));
		if (error < 0)
			return error;
	}
	if ((uint64_t)offset != page->answer.body_bytes)
		return -EIO;
	return temporary_file_write(run->spool_fd, slice_text("\n"));
}

// One page, one transaction, with the cursor.
static int deliver(struct taxii2_run *run, const struct taxii2_page *page)
{
	int error = fetch_begin(run->fetch, false);

	if (error == 0)
		error = fetch_read_body(run->fetch, run->collection->url, page->answer.body_fd,
		                        FEED_STIX);
	if (error == 0)
		error = note_progress(run);
	return error == 0 ? fetch_commit(run->fetch) : error;
}

int taxii2_run_take(struct taxii2_run *run, const struct taxii2_page *page, bool is_last)
{
	int error = check_progress(run, page, is_last);

	if (error < 0)
		return error;
	run->restarts = 0;
	run->object_count += page->envelope.object_count;
	if (page->envelope.object_count > 0)
		move_cursor(run, page, is_last);
	if (run->is_complete)
		return page->envelope.object_count > 0 ? spool(run, page) : 0;
	return page->envelope.object_count > 0 ? deliver(run, page) : 0;
}

static int deliver_complete(struct taxii2_run *run)
{
	if (lseek(run->spool_fd, 0, SEEK_SET) < 0)
		return -errno;

	int error = fetch_begin(run->fetch, true);
	if (error == 0 && run->object_count > 0)
		error = fetch_read_body(run->fetch, run->collection->url, run->spool_fd, FEED_STIX);
	if (error < 0)
		return error;
	if (run->is_partial)
		store_delivery_is_partial(run->fetch->delivery);
	error = note_progress(run);
	if (error == 0)
		error = note_end(run);
	return error == 0 ? fetch_commit(run->fetch) : error;
}

int taxii2_run_end(struct taxii2_run *run)
{
	// An empty last page settles what came before it.
	if (run->newest_ns > run->settled_ns)
		run->settled_ns = run->newest_ns;
	if (run->is_complete)
		return deliver_complete(run);

	int error = note_progress(run);
	return error == 0 ? note_end(run) : error;
}

int taxii2_run_restart(struct taxii2_run *run, int error)
{
	const struct fetch *fetch = run->fetch;

	if (run->restarts == fetch->source->retries) {
		report_note(report_of(run), "page not taken", slice_text(run->collection->id),
		            "asked for %u times", run->restarts + 1);
		return error == -EAGAIN ? -EIO : error;
	}
	run->restarts++;
	run->last_page_ns = TIMESTAMP_MIN;
	run->page_count = 0; // what comes again now is no circle
	run->digest_due = 1;
	return http_wait(http_wait_backoff_ms(run->restarts), fetch->is_stopped, fetch->context);
}
