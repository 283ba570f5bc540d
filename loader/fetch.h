// loader/fetch.h — one run of one source: from its address into the store.
//
// A fetcher knows one kind of source: it gets bodies, hands each to fetch_read_body(), and commits.
// fetch_<kind>.c, one const struct fetcher_ops each; the array `fetchers` names them all.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/report.h"
#include "loader/config.h"
#include "loader/store_delivery.h"
#include "loader/sync.h"

struct http_client;
struct loader;
struct public_suffixes;
struct screening;

// sync.c owns it.
struct fetch {
	const struct config *config;
	const struct source_config *source;
	const struct guard_config *guards;
	struct store *store;
	const struct public_suffixes *suffixes;
	struct sync_outcome *outcome; // counts and report, filled as it goes
	uint32_t source_id;
	int64_t now_ns;
	bool is_full; // everything anew: no cursor, no ETag

	bool (*is_stopped)(void *context);
	bool (*progress)(void *context, uint64_t bytes); // may be NULL
	void *context;                                   // of both

	struct store_delivery *delivery; // the one under way, or NULL
	bool is_complete;                // all that the source has came with it

	bool has_committed;           // one at least in this run
	uint64_t store_failure_count; // at the beginning

	// fetch.c's own.
	struct loader *loader; // reads into `delivery`
	struct screening *screening;
	unsigned queued_count; // of the screening's refused values
	unsigned queued_pattern_count;
	struct http_client *http;
	unsigned page_count;
};

struct fetcher_ops {
	enum source_kind kind;

	// Gets all that is new and commits it. Returns 0 (also when nothing is new), or an error,
	// told in the outcome's report; what was committed before it stays.
	int (*run)(struct fetch *fetch);

	// Only reaches for it and tells on `file` what is there (`source test`).
	int (*test)(struct fetch *fetch, struct report *report, struct buffer *ret_text);
};

extern const struct fetcher_ops fetch_file;
extern const struct fetcher_ops fetch_http;
extern const struct fetcher_ops fetch_taxii1;
extern const struct fetcher_ops fetch_taxii20;
extern const struct fetcher_ops fetch_taxii21;
extern const struct fetcher_ops fetch_misp_feed;
extern const struct fetcher_ops fetch_mail;

// By enum source_kind.
extern const struct fetcher_ops *const fetchers[SOURCE_KIND_COUNT];

// What comes turned out not to be all there is: nothing is withdrawn for absence.
void fetch_is_partial(struct fetch *fetch);

// Abandons the delivery under way, if there is one.
void fetch_abandon(struct fetch *fetch);

// Begins a delivery, unless one is under way. `is_complete`: all that the source has will come.
int fetch_begin(struct fetch *fetch, bool is_complete);

// Reads one body (of `fd`, from its start; `name` is for messages) into the delivery under way, in
// the source's format unless `format` says otherwise. A body that is not of the format is told in
// the outcome and gives -EBADMSG; a damaged one makes the delivery partial.
int fetch_read_body(struct fetch *fetch, const char *name, int fd, enum feed_format format);

// Settles, asks the guards, and commits, or abandons and queues for review what a guard stops.
// Returns 0 (committed), 1 (held), or an error (abandoned).
int fetch_commit(struct fetch *fetch);

// Counts a page of `collection` that came with more to come. True: the run may have no further
// ones, which is told; it ends with what came.
bool fetch_has_enough(struct fetch *fetch, const char *collection);

// The source's HTTP client, made when first asked for; freed with the fetch.
int fetch_http_client(struct fetch *fetch, struct http_client **ret_client);
