// loader/taxii2_run.h — pages of a TAXII 2 collection into the store, and where the next run goes
// on.
//
// fetch_taxii20.c and fetch_taxii21.c ask for the pages, each in its version's way. Here each page
// becomes one delivery, with the cursor noted in the same transaction; of a complete run all pages
// together become one.
//
// The cursor is the date up to which everything has come. Pages are sorted by date of addition
// (TAXII 2.1, section 3.3), but not every server keeps to that: so a page's last date counts only
// once the next page has begun behind it, or none was left. The next run overlaps by a second.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "loader/circle.h"
#include "loader/fetch.h"
#include "loader/fetch_digest.h"
#include "loader/taxii2.h"

enum {
	TAXII2_PAGE_OBJECTS = 1000, // asked for; servers give fewer
	TAXII2_EMPTY_PAGES_MAX = 10,
};

struct taxii2_run {
	struct fetch *fetch;
	struct taxii2 *taxii;
	const struct taxii2_collection *collection;
	bool is_complete;      // all there is, in one delivery
	bool has_all_versions; // asked for, and not refused
	int64_t settled_ns;    // the cursor; TIMESTAMP_MIN: from the beginning
	uint64_t object_count; // that came
	unsigned restarts;     // since the last page
	unsigned limit;        // objects a page asked for

	// taxii2_run.c's and taxii2_note.c's own.
	bool has_begun; // an earlier run of this source noted a cursor
	char settings[FETCH_DIGEST_TEXT_BYTES];
	int64_t newest_ns;    // of all that came
	int64_t last_page_ns; // the last date of the page before; TIMESTAMP_MIN: none
	// 2.0: the cursor moves at the end of the run only. Servers tell the dates of items of the
	// same numbers in the manifest, which has one for all versions of an object.
	bool is_settled_late;
	bool is_unordered;
	bool is_partial;       // something changed under the run, or it ended early
	bool has_ended_early;  // it had as many pages as a run may have
	unsigned empty_pages;  // in a row
	int spool_fd;          // of a complete run: its pages one behind the other; -1: none
	struct circle circle;  // of pages with objects
	uint64_t largest_page; // in objects
};

// Finds the collection and the cursor. Returns 0 or an error that was told; taxii2_run_close() in
// any case.
int taxii2_run_begin(struct fetch *fetch, enum taxii2_version version, struct taxii2_run *ret_run);

// "added_after" for a page from the cursor on, with the overlap; "" from the beginning.
void taxii2_run_added_after(const struct taxii2_run *run, char ret_text[TIMESTAMP_TEXT_BYTES]);

// Takes a page: delivers and commits it, or spools it. Returns 0, 1 (the run ends: a guard holds
// it, or it had as many pages as it may have), or an error that was told, -ELOOP when the server
// goes round in a circle.
int taxii2_run_take(struct taxii2_run *run, const struct taxii2_page *page, bool is_last);

// A page did not come for good, or came too late: what `error` says is asked again from the cursor.
// Returns 0 after a pause, or the error to end with.
int taxii2_run_restart(struct taxii2_run *run, int error);

// A page was larger than the source allows: what is asked from now on has half as many objects.
// Returns 0 when the cursor may be asked from again, or -EFBIG when there are no fewer to ask for.
int taxii2_run_ask_for_less(struct taxii2_run *run);

// Nothing absent may be withdrawn for what this run did not see.
void taxii2_run_is_partial(struct taxii2_run *run, const char *why);

// All has come: commits a complete run. Returns as taxii2_run_take().
int taxii2_run_end(struct taxii2_run *run);
void taxii2_run_close(struct taxii2_run *run);

bool taxii2_run_is_stopped(const struct taxii2_run *run);

// A run of a source from begin to close; `take_pages` takes them all, as its version has them.
// Returns 0 or an error that was told.
int taxii2_run_whole(struct fetch *fetch, enum taxii2_version version,
                     int (*take_pages)(struct taxii2_run *run));

// What `source test` tells of a server.
int taxii2_run_test(struct fetch *fetch, enum taxii2_version version, struct report *report,
                    struct buffer *ret_text);
