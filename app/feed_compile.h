// app/feed_compile.h — the feeds of a command line into a database.
//
// What `compile` and `match -f` share. Errors are logged here, once; the summaries are the
// caller's to print.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "app/feed_list.h"
#include "engine/build.h"
#include "loader/loader.h"

struct feed_compile_options {
	bool is_quiet;             // no progress bar
	FILE *explanation;         // where every problem is listed as it comes; NULL: nowhere
	const char *sign_key_path; // NULL: not signed
};

// One feed's outcome.
struct feed_outcome {
	int error; // 0, or why the feed could not be read (-EBADMSG: of no known format)
	struct feed_summary summary;
};

struct feed_compile_result {
	struct feed_outcome *feeds; // one a feed of the list, in its order
	size_t feed_count;
	struct report report; // what only all feeds together show: withdrawn, revoked
	struct build_figures figures;
	int64_t duration_ns;
};

// Reads `list` and writes the database to `fd`, which must be empty and seekable. A feed of no
// known format is passed over; one that cannot be opened or read ends it all.
// *ret_result is always set (feed_compile_close).
// Returns 0, -ENODATA (no indicator at all; nothing written), -ECANCELED (stopped by a signal),
// or another error.
int feed_compile(const struct feed_list *list, const struct feed_compile_options *options, int fd,
                 struct feed_compile_result *ret_result);

// Did the feed give what feeds are for: indicators, or known-benign values?
bool feed_compile_gave_something(const struct feed_outcome *feed);

// Frees what the result owns.
void feed_compile_close(struct feed_compile_result *result);
