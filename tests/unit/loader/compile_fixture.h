// A store that feeds were delivered into, compiled under a policy, and asked.
#pragma once

#include "tests/unit/loader/store_fixture.h"

#include <sys/mman.h>

#include "engine/match.h"
#include "loader/config.h"
#include "loader/loader.h"
#include "loader/public_suffix.h"
#include "loader/store_compile.h"
#include "loader/store_figures.h"

#define COMPILE_NOW_NS (INT64_C(1700000000) * NS_PER_S)

struct compile_fixture {
	struct store_fixture store;
	struct public_suffixes *suffixes;
	char database_path[128];
	struct config config;
	struct policy policy;
	struct policy_row rows[8];
	struct database *database;
	struct match_context *context;
	struct store_compile_result result; // of the last compilation
};

static inline struct policy_row *compile_fixture_row(struct compile_fixture *fixture,
                                                     enum action action)
{
	struct policy_row *row = &fixture->rows[fixture->policy.row_count++];

	*row = (struct policy_row){
		.name = "row",
		.reliability_max = 100,
		.confidence_max = 100,
		.known_benign = -1,
		.promoted = -1,
		.action = action,
	};
	return row;
}

static inline void compile_fixture_open(struct compile_fixture *fixture)
{
	*fixture = (struct compile_fixture){};
	store_fixture_open(&fixture->store);
	assert_int_equal(public_suffixes_load(NULL, &fixture->suffixes), 0);
	(void)snprintf(fixture->database_path, sizeof(fixture->database_path), "%s/test.skdb",
	               fixture->store.folder);
	fixture->policy.rows = fixture->rows;
	fixture->config = (struct config){
		.database_path = fixture->database_path,
		.policy = &fixture->policy,
		.overlay_votes_max = 100,
	};
}

static inline void compile_fixture_close_database(struct compile_fixture *fixture)
{
	match_context_free(fixture->context);
	database_close(fixture->database);
	fixture->context = NULL;
	fixture->database = NULL;
}

static inline void compile_fixture_close(struct compile_fixture *fixture)
{
	static const char *const endings[] = {"", ".overlay", ".state"};
	char path[160];

	compile_fixture_close_database(fixture);
	store_compile_result_close(&fixture->result);
	public_suffixes_free(fixture->suffixes);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", fixture->database_path, endings[i]);
		(void)unlink(path);
	}
	store_fixture_close(&fixture->store);
}

static inline uint32_t compile_fixture_source(struct compile_fixture *fixture, const char *name,
                                              const char *group, enum source_role role)
{
	uint32_t source_id;
	const struct store_source source = {
		.name = name,
		.kind = "file",
		.address = "/feed",
		.group = group,
		.role = role,
		.reliability = 80,
	};

	assert_int_equal(store_source_put(fixture->store.store, &source, &source_id), 0);
	return source_id;
}

// A complete delivery of a feed, read as `sync` reads it.
static inline void compile_fixture_deliver_as(struct compile_fixture *fixture, uint32_t source_id,
                                              const struct feed_options *like, const char *text)
{
	const struct delivery_options options = {
		.source_id = source_id,
		.time_ns = COMPILE_NOW_NS - DAY_NS,
		.is_complete = true,
		.is_known_benign = like->is_known_benign,
	};
	struct feed_options feed = *like;
	struct store_delivery *delivery;
	struct feed_summary summary = {};
	struct delivery_counts counts;
	AUTO(loader) loader = NULL;
	int fd = memfd_create("feed", MFD_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	feed.path = "feed";
	feed.fd = fd;
	assert_int_equal(store_delivery_begin(fixture->store.store, &options, &delivery), 0);
	assert_int_equal(
		loader_create_into(store_delivery_sink(delivery), fixture->suffixes, &loader), 0);
	assert_int_equal(loader_read_feed(loader, &feed, NULL, NULL, &summary), 0);
	assert_int_equal(store_delivery_settle(delivery, &counts), 0);
	assert_int_equal(store_delivery_commit(delivery), 0);
	store_delivery_free(delivery);
	report_clear(&summary.report);
	close(fd);
}

static inline void compile_fixture_deliver(struct compile_fixture *fixture, uint32_t source_id,
                                           const char *text)
{
	const struct feed_options options = {
		.format = text[0] == '{' ? FEED_STIX : FEED_TEXT,
	};

	compile_fixture_deliver_as(fixture, source_id, &options, text);
}

static inline void compile_fixture_reopen_database(struct compile_fixture *fixture)
{
	compile_fixture_close_database(fixture);
	assert_int_equal(database_open(fixture->database_path, NULL, &fixture->database), 0);
	assert_int_equal(match_context_create(fixture->database, &fixture->context), 0);
}

static inline void compile_fixture_base(struct compile_fixture *fixture)
{
	store_compile_result_close(&fixture->result);
	assert_int_equal(store_compile_base(fixture->store.store, &fixture->config, COMPILE_NOW_NS,
	                                    NULL, NULL, &fixture->result),
	                 0);
	compile_fixture_reopen_database(fixture);
}

static inline void compile_fixture_update(struct compile_fixture *fixture)
{
	store_compile_result_close(&fixture->result);
	assert_int_equal(store_compile_update(fixture->store.store, &fixture->config,
	                                      COMPILE_NOW_NS, NULL, NULL, &fixture->result),
	                 0);
	compile_fixture_reopen_database(fixture);
}

// "name", "192.0.2.1", "http://host/path".
static inline struct observable compile_fixture_observable(const char *text)
{
	struct observable observable = {.where = WHERE_HTTP_URL, .text = slice_text(text)};

	if (normalize_address(observable.text, &observable.address) == 0)
		observable.type = OBSERVABLE_ADDRESS;
	else
		observable.type = strchr(text, '/') != NULL ? OBSERVABLE_URL : OBSERVABLE_NAME;
	return observable;
}

// The strongest action of all that `text` meets, 'd', 'a', 'l'; 'v' for a drop that was vetoed at
// the hit, '-' when nothing is met.
static inline char compile_fixture_action(struct compile_fixture *fixture, const char *text)
{
	const struct observable observable = compile_fixture_observable(text);
	const struct match *matches;
	unsigned count = match_find(fixture->context, &observable, 1, &matches);
	enum action strongest = ACTION_IGNORE;
	bool is_vetoed = false;

	for (unsigned i = 0; i < count; i++) {
		if (matches[i].action > strongest)
			strongest = matches[i].action;
		is_vetoed |= matches[i].is_vetoed;
	}
	if (count == 0)
		return '-';
	return is_vetoed && strongest != ACTION_DROP ? 'v' : action_name(strongest)[0];
}

static inline void compile_fixture_assert(struct compile_fixture *fixture, const char *text,
                                          char expected)
{
	char action = compile_fixture_action(fixture, text);

	if (action != expected)
		fail_msg("%s: '%c' and not '%c'", text, action, expected);
}
