// A small builder for tests: values by text, one indicator each unless told otherwise.
#pragma once

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine/build.h"
#include "engine/match.h"
#include "engine/normalize.h"
#include "tests/unit/unit_test.h"

static const struct entry_terms any_terms = {
	.kinds = ENTRY_EXACT | ENTRY_PARENT,
	.schemes = URL_SCHEME_HTTP | URL_SCHEME_HTTPS,
	.action = ACTION_DROP,
};

static inline struct indicator fixture_indicator(const char *value)
{
	return (struct indicator){
		.value = slice_text(value),
		.source = slice_text("feed"),
		.created_ns = TIMESTAMP_MIN,
		.modified_ns = TIMESTAMP_MIN,
		.valid_from_ns = TIMESTAMP_MIN,
		.valid_until_ns = TIMESTAMP_MAX,
		.action = ACTION_ALERT,
		.confidence = CONFIDENCE_NONE,
	};
}

static inline uint32_t fixture_add(struct build *build, const char *value)
{
	struct indicator indicator = fixture_indicator(value);
	uint32_t id = 0;

	assert_int_equal(build_add_indicator(build, &indicator, &id), 0);
	return id;
}

static inline void fixture_add_prefix(struct build *build, const char *text, uint32_t id,
                                      const struct entry_terms *terms)
{
	struct prefix prefix;
	bool had_host_bits;

	assert_int_equal(normalize_prefix(slice_text(text), &prefix, &had_host_bits), 0);
	assert_int_equal(build_add_prefix(build, &prefix, id, terms), 0);
}

// Writes `build` to a memfd; the caller closes it.
static inline int fixture_write(struct build *build, struct build_figures *ret_figures)
{
	int fd = memfd_create("database", MFD_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(build_write(build, fd, NULL, NULL, ret_figures), 0);
	return fd;
}

static inline struct database *fixture_open(struct build *build)
{
	struct build_figures figures;
	struct database *database;
	int fd = fixture_write(build, &figures);

	assert_int_equal(database_open_fd(fd, "test", NULL, &database), 0);
	close(fd);
	return database;
}

static inline struct observable fixture_text(enum observable_type type, const char *text)
{
	return (struct observable){
		.type = type, .where = WHERE_DNS_QUERY, .text = slice_text(text)};
}

static inline struct observable fixture_address(const char *text)
{
	struct observable observable = {.type = OBSERVABLE_ADDRESS, .where = WHERE_IP_SRC};

	assert_int_equal(normalize_address(slice_text(text), &observable.address), 0);
	return observable;
}

// The matches of one observable as "id:kind id:kind …".
static inline const char *fixture_match(struct database *database, struct observable observable)
{
	static char text[1024];
	AUTO(match_context) context = NULL;
	const struct match *matches;
	size_t size = 0;

	assert_int_equal(match_context_create(database, &context), 0);
	text[0] = '\0';
	for (unsigned i = 0, count = match_find(context, &observable, 1, &matches); i < count; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%u:%s",
		                         i > 0 ? " " : "", matches[i].indicator_id,
		                         match_kind_name(matches[i].kind));
	return text;
}
