#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/timestamp.h"
#include "loader/fetch.h"
#include "loader/taxii2_run.h"

// Pages by item numbers, in "Range: items=0-999" and "Content-Range: items 0-99/500". The numbers
// are those of the moment: when items go, others move up, and a page could miss some.
struct place {
	char added_after[TIMESTAMP_TEXT_BYTES];
	uint64_t first_item;
	uint64_t item_count; // of the page before; UINT64_MAX: not told
};

static void place_at_cursor(struct place *place, const struct taxii2_run *run)
{
	taxii2_run_added_after(run, place->added_after);
	place->first_item = 0;
	place->item_count = UINT64_MAX;
}

static int get(struct taxii2_run *run, const struct place *place, struct taxii2_page *ret_page)
{
	return taxii2_page_get(run->taxii, run->collection,
	                       &(struct taxii2_query){
				       .added_after = place->added_after,
				       .next = "",
				       .first_item = place->first_item,
				       .limit = run->limit,
				       .has_all_versions = run->has_all_versions,
			       },
	                       ret_page);
}

// Returns 0 when there is another way, 1 when there is nothing to come, or the error.
static int recover(struct taxii2_run *run, const struct place *place, int error)
{
	bool is_first = place->first_item == 0 && run->object_count == 0;

	// The collection is there, taxii2_run_begin() saw it: some servers say so of an empty one.
	if (is_first && error == -ENOENT)
		return 1;
	if (is_first && error == -EBADMSG && run->has_all_versions) {
		run->has_all_versions = false;
		return 0;
	}
	if (error == -EFBIG) // the same items again, fewer of them
		return taxii2_run_ask_for_less(run);
	return error == -EAGAIN ? taxii2_run_restart(run, error) : error;
}

// Is that the page asked for? Sets the place behind it. A page that says more than it holds is
// not believed.
static int follow(struct taxii2_run *run, struct place *place, const struct taxii2_page *page,
                  bool *ret_is_last)
{
	uint64_t count = page->last_item - page->first_item + 1;

	*ret_is_last = true;
	if (page->is_beyond || !page->has_range || page->envelope.object_count == 0)
		return 0;
	if (page->first_item != place->first_item) {
		report_note(&run->fetch->outcome->feed.report, "not the page asked for",
		            slice_text(run->collection->id), "%s instead of items from %llu on",
		            page->answer.content_range, (unsigned long long)place->first_item);
		return -EBADMSG;
	}
	if (page->envelope.object_count < count)
		count = page->envelope.object_count;
	place->first_item = page->first_item + count;
	*ret_is_last = place->first_item >= page->item_count;
	return 0;
}

static int take(struct taxii2_run *run, struct place *place, const struct taxii2_page *page,
                bool *ret_is_last)
{
	bool has_shrunk = page->has_range && place->item_count != UINT64_MAX &&
	                  page->item_count < place->item_count;
	int error;

	if (has_shrunk) {
		taxii2_run_is_partial(run, "items went while they were counted");
		error = taxii2_run_restart(run, -EAGAIN);
		place_at_cursor(place, run);
		*ret_is_last = false;
		return error;
	}
	error = follow(run, place, page, ret_is_last);
	if (page->has_range)
		place->item_count = page->item_count;
	return error == 0 && !page->is_beyond ? taxii2_run_take(run, page, *ret_is_last) : error;
}

static int run_pages(struct taxii2_run *run)
{
	struct place place;

	place_at_cursor(&place, run);
	for (bool is_last = false; !is_last;) {
		struct taxii2_page page;
		int error = get(run, &place, &page);

		if (error < 0) {
			error = recover(run, &place, error);
			if (error < 0)
				return error;
			is_last = error == 1;
			continue;
		}
		error = take(run, &place, &page, &is_last);
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
	return taxii2_run_whole(fetch, TAXII_20, run_pages);
}

static int test(struct fetch *fetch, struct report *report, struct buffer *ret_text)
{
	return taxii2_run_test(fetch, TAXII_20, report, ret_text);
}

const struct fetcher_ops fetch_taxii20 = {
	.kind = SOURCE_TAXII20,
	.run = run,
	.test = test,
};
