#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/timestamp.h"
#include "loader/fetch.h"
#include "loader/taxii2_run.h"

// What to ask for next.
struct place {
	char added_after[TIMESTAMP_TEXT_BYTES];
	char next[TAXII2_NEXT_BYTES];
	bool is_first; // page of the run
};

static void place_at_cursor(struct place *place, const struct taxii2_run *run)
{
	taxii2_run_added_after(run, place->added_after);
	place->next[0] = '\0';
}

// `more` without `next`: on from the page's last date (section 3.5). Objects added at that very
// moment may be on the next page, too, so it is asked for once more, unless the whole page is of
// that moment.
static int place_behind(struct place *place, struct taxii2_run *run,
                        const struct http_answer *answer)
{
	bool is_one_moment = strcmp(answer->date_added_first, answer->date_added_last) == 0;
	int64_t last_ns;

	if (timestamp_parse(slice_text(answer->date_added_last), &last_ns) < 0) {
		report_note(&run->fetch->outcome->feed.report, "no way to the next page",
		            slice_text(run->collection->id),
		            "there is more, but neither `next` nor a date of addition");
		return -EBADMSG;
	}
	if (is_one_moment)
		taxii2_run_is_partial(run, "a whole page was added at one moment");
	place->next[0] = '\0';
	timestamp_format(is_one_moment ? last_ns : last_ns - NS_PER_US, 6, place->added_after);
	return 0;
}

static int get(struct taxii2_run *run, const struct place *place, struct taxii2_page *ret_page)
{
	return taxii2_page_get(run->taxii, run->collection,
	                       &(struct taxii2_query){
				       .added_after = place->added_after,
				       .next = place->next,
				       .limit = run->limit,
				       .has_all_versions = run->has_all_versions,
			       },
	                       ret_page);
}

// A page did not come. Returns 0 when there is another way, now in `place`.
static int recover(struct taxii2_run *run, struct place *place, int error)
{
	// A server without that filter refuses it: the newest versions are better than none.
	if (place->is_first && error == -EBADMSG && run->has_all_versions) {
		run->has_all_versions = false;
		return 0;
	}
	if (error == -EFBIG) {
		place_at_cursor(place, run);
		return taxii2_run_ask_for_less(run);
	}
	// A lost answer, or a `next` that the server does not know any more: its place is lost, the
	// cursor is not.
	bool is_lost = error == -EAGAIN ||
	               (place->next[0] != '\0' && (error == -EBADMSG || error == -ENOENT));
	if (!is_lost)
		return error;
	error = taxii2_run_restart(run, error);
	place_at_cursor(place, run);
	return error;
}

static int take(struct taxii2_run *run, struct place *place, const struct taxii2_page *page)
{
	const struct taxii2_envelope *envelope = &page->envelope;
	int error = taxii2_run_take(run, page, !envelope->is_more);

	place->is_first = false;
	if (error != 0 || !envelope->is_more)
		return error;
	if (envelope->next[0] == '\0')
		return place_behind(place, run, &page->answer);
	memcpy(place->next, envelope->next, sizeof(place->next));
	return 0;
}

static int run_pages(struct taxii2_run *run)
{
	struct place whole = {.is_first = true};
	struct place *place = &whole;

	place_at_cursor(place, run);
	for (bool is_more = true; is_more;) {
		struct taxii2_page page;
		int error = get(run, place, &page);

		if (error < 0) {
			error = recover(run, place, error);
			if (error < 0)
				return error;
			continue;
		}
		is_more = page.envelope.is_more;
		error = take(run, place, &page);
		taxii2_page_close(&page);
		if (error != 0)
			return error;
		if (taxii2_run_is_stopped(run))
			return -ECANCELED;
	}
	return taxii2_run_end(run);
}

static int run(struct fetch *fetch)
{
	return taxii2_run_whole(fetch, TAXII_21, run_pages);
}

static int test(struct fetch *fetch, struct report *report, struct buffer *ret_text)
{
	return taxii2_run_test(fetch, TAXII_21, report, ret_text);
}

const struct fetcher_ops fetch_taxii21 = {
	.kind = SOURCE_TAXII21,
	.run = run,
	.test = test,
};
