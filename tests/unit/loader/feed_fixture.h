// A feed given as text, read by the loader, built, opened and asked.
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/build.h"
#include "engine/match.h"
#include "loader/loader.h"
#include "tests/unit/unit_test.h"

struct feed_fixture {
	int result; // of loader_read_feed()
	struct feed_summary summary;
	struct database *database;
	struct match_context *context;
};

// `like`: everything but where it is.
static inline void feed_fixture_read_with(struct slice text, const struct feed_options *like,
                                          struct feed_fixture *fixture)
{
	struct feed_options options = *like;
	char path[64];
	int feed_fd = memfd_create("feed", 0);
	int fd = memfd_create("database", MFD_CLOEXEC);
	struct build_figures figures;
	struct build *build;
	struct loader *loader;

	assert_int_equal(write(feed_fd, text.data, text.size), (ssize_t)text.size);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", feed_fd);
	assert_int_equal(build_create(&build), 0);
	assert_int_equal(loader_create(build, &loader), 0);

	options.path = path;
	options.source = "test";
	memset(fixture, 0, sizeof(*fixture));
	fixture->result = loader_read_feed(loader, &options, NULL, NULL, &fixture->summary);
	assert_int_equal(loader_finish(loader, NULL), 0);
	assert_int_equal(build_write(build, fd, NULL, NULL, &figures), 0);
	assert_int_equal(database_open_fd(fd, "database", NULL, &fixture->database), 0);
	assert_int_equal(match_context_create(fixture->database, &fixture->context), 0);
	loader_free(loader);
	build_free(build);
	close(feed_fd);
	close(fd);
}

static inline void feed_fixture_read(struct slice text, enum feed_format format,
                                     struct feed_fixture *fixture)
{
	feed_fixture_read_with(text, &(struct feed_options){.format = format}, fixture);
}

static inline void feed_fixture_close(struct feed_fixture *fixture)
{
	match_context_free(fixture->context);
	database_close(fixture->database);
	report_clear(&fixture->summary.report);
}

// How many indicators a value, as a person types it, meets, and of which kind the first is.
static inline unsigned feed_fixture_find(struct feed_fixture *fixture, const char *value,
                                         enum match_kind *ret_kind)
{
	char text[2 * URL_BYTES_MAX];
	struct observable observables[2];
	const struct match *matches;
	int count = loader_value_observables(slice_text(value), text, observables);

	assert_true(count > 0);
	unsigned found = match_find(fixture->context, observables, (unsigned)count, &matches);
	if (found > 0 && ret_kind != NULL)
		*ret_kind = matches[0].kind;
	return found;
}

static inline bool feed_fixture_has(struct feed_fixture *fixture, const char *value)
{
	return feed_fixture_find(fixture, value, NULL) > 0;
}

// How many problems of that reason the feed had.
static inline uint64_t feed_fixture_problems(const struct feed_fixture *fixture, const char *reason)
{
	const struct report *report = &fixture->summary.report;

	for (unsigned i = 0; i < report->reason_count; i++)
		if (strcmp(report->reasons[i].reason, reason) == 0)
			return report->reasons[i].count;
	return 0;
}

static inline struct indicator feed_fixture_indicator(const struct feed_fixture *fixture,
                                                      uint32_t id)
{
	struct indicator indicator;

	assert_true(database_indicator(fixture->database, id, &indicator));
	return indicator;
}
