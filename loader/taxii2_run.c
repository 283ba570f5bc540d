#include "loader/taxii2_note.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/temporary_file.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "loader/http_wait.h"

static struct report *report_of(const struct taxii2_run *run)
{
	return &run->fetch->outcome->feed.report;
}

// ---- beginning -------------------------------------------------------------------------------

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
		.limit = TAXII2_PAGE_OBJECTS,
	};
	int error = fetch_http_client(fetch, &http);
	if (error == 0)
		error = taxii2_create(http, version, report_of(run), &run->taxii);
	if (error == 0)
		error = taxii2_look(run->taxii, fetch->source->address);
	if (error == 0)
		error = taxii2_choose(run->taxii, fetch->source->collection, &run->collection);
	if (error == 0)
		error = taxii2_note_read(run);
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

// ---- taking pages ----------------------------------------------------------------------------

static int check_progress(struct taxii2_run *run, const struct taxii2_page *page, bool is_last)
{
	const char *what = NULL;

	if (page->envelope.object_count > 0)
		run->empty_pages = 0;
	else if (!is_last && ++run->empty_pages > TAXII2_EMPTY_PAGES_MAX)
		what = "more than 10 empty pages in a row, and always more to come";
	if (!is_last && page->envelope.object_count > 0 &&
	    circle_is_closed(&run->circle, page->envelope.digest))
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
		struct slice piece = slice_of(bytes, (size_t)got);
		if (offset == 0)
			piece = utf8_skip_mark(piece);
		offset += got;
		int error = temporary_file_write(run->spool_fd, piece);
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
		error = taxii2_note_progress(run);
	return error == 0 ? fetch_commit(run->fetch) : error;
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
	error = taxii2_note_progress(run);
	if (error == 0)
		error = taxii2_note_end(run);
	return error == 0 ? fetch_commit(run->fetch) : error;
}

// What came of a complete run is delivered, and nothing withdrawn; the runs to come go on from its
// cursor.
static int end_early(struct taxii2_run *run)
{
	int error = 0;

	run->is_partial = true;
	run->has_ended_early = true;
	if (run->is_complete)
		error = deliver_complete(run);
	return error < 0 ? error : 1;
}

int taxii2_run_take(struct taxii2_run *run, const struct taxii2_page *page, bool is_last)
{
	int error = check_progress(run, page, is_last);

	if (error < 0)
		return error;
	run->restarts = 0;
	run->object_count += page->envelope.object_count;
	if (page->envelope.object_count > run->largest_page)
		run->largest_page = page->envelope.object_count;
	if (page->envelope.object_count > 0)
		move_cursor(run, page, is_last);
	if (page->envelope.object_count > 0)
		error = run->is_complete ? spool(run, page) : deliver(run, page);
	if (error != 0 || is_last || !fetch_has_enough(run->fetch, run->collection->id))
		return error;
	return end_early(run);
}

int taxii2_run_end(struct taxii2_run *run)
{
	// An empty last page settles what came before it.
	if (run->newest_ns > run->settled_ns)
		run->settled_ns = run->newest_ns;
	if (run->is_complete)
		return deliver_complete(run);

	int error = taxii2_note_progress(run);
	return error == 0 ? taxii2_note_end(run) : error;
}

// What comes again now is no circle.
static void forget_way(struct taxii2_run *run)
{
	run->last_page_ns = TIMESTAMP_MIN;
	run->circle = (struct circle){0};
}

int taxii2_run_ask_for_less(struct taxii2_run *run)
{
	unsigned given = run->limit;

	// The server's own bound may be lower than what was asked for.
	if (run->largest_page > 0 && run->largest_page < given)
		given = (unsigned)run->largest_page;
	if (given <= 1)
		return -EFBIG;
	run->limit = given / 2;
	report_add(report_of(run), &(struct problem){
					   .reason = "page larger than body-max",
					   .consequence = "asked for fewer objects at once",
					   .object = slice_text(run->collection->id),
				   });
	forget_way(run);
	return 0;
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
	forget_way(run);
	return http_wait(http_wait_backoff_ms(run->restarts), fetch->is_stopped, fetch->context);
}

bool taxii2_run_is_stopped(const struct taxii2_run *run)
{
	return run->fetch->is_stopped != NULL && run->fetch->is_stopped(run->fetch->context);
}

int taxii2_run_whole(struct fetch *fetch, enum taxii2_version version,
                     int (*take_pages)(struct taxii2_run *run))
{
	struct taxii2_run run;
	int error = taxii2_run_begin(fetch, version, &run);

	if (error == 0)
		error = take_pages(&run);
	taxii2_run_close(&run);
	return error < 0 ? error : 0; // 1: ended early, which the outcome or its report says
}
