// A store in a temporary folder, and deliveries into it from a few words.
#pragma once

#include "tests/unit/unit_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/normalize.h"
#include "loader/intake_value.h"
#include "loader/store_delivery.h"
#include "loader/store_history.h"

#define DAY_NS (INT64_C(86400) * NS_PER_S)

struct store_fixture {
	char folder[64];
	char path[96];
	struct store *store;
	uint32_t source_id;
	struct store_delivery *delivery;
};

static inline void store_fixture_reopen(struct store_fixture *fixture)
{
	store_close(fixture->store);
	fixture->store = NULL;
	assert_int_equal(store_open(fixture->path, STORE_CREATE, NULL, &fixture->store), 0);
}

static inline uint32_t store_fixture_source(struct store_fixture *fixture, const char *name)
{
	uint32_t source_id;

	assert_int_equal(store_source_put(fixture->store,
	                                  &(struct store_source){.name = name,
	                                                         .kind = "file",
	                                                         .address = "/feed",
	                                                         .group = "C2",
	                                                         .reliability = 80,
	                                                         .tlp = TLP_GREEN,
	                                                         .is_snapshot = true},
	                                  &source_id),
	                 0);
	return source_id;
}

static inline void store_fixture_open(struct store_fixture *fixture)
{
	*fixture = (struct store_fixture){.folder = "/tmp/sekisho-store-XXXXXX"};
	assert_non_null(mkdtemp(fixture->folder));
	(void)snprintf(fixture->path, sizeof(fixture->path), "%s/store.db", fixture->folder);
	store_fixture_reopen(fixture);
	fixture->source_id = store_fixture_source(fixture, "first");
}

static inline void store_fixture_close(struct store_fixture *fixture)
{
	static const char *const endings[] = {"", "-wal", "-shm"};
	char path[128];

	store_delivery_free(fixture->delivery);
	store_close(fixture->store);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", fixture->path, endings[i]);
		(void)unlink(path);
	}
	(void)rmdir(fixture->folder);
}

static inline void store_fixture_begin(struct store_fixture *fixture, int64_t time_ns,
                                       bool is_complete)
{
	assert_int_equal(
		store_delivery_begin(fixture->store,
	                             &(struct delivery_options){.source_id = fixture->source_id,
	                                                        .time_ns = time_ns,
	                                                        .is_complete = is_complete},
	                             &fixture->delivery),
		0);
}

static inline struct delivery_counts store_fixture_commit(struct store_fixture *fixture)
{
	struct delivery_counts counts;

	assert_int_equal(store_delivery_settle(fixture->delivery, &counts), 0);
	assert_int_equal(store_delivery_commit(fixture->delivery), 0);
	store_delivery_free(fixture->delivery);
	fixture->delivery = NULL;
	return counts;
}

static inline struct intake_value store_fixture_name(const char *name)
{
	return (struct intake_value){
		.type = OBSERVABLE_NAME,
		.text = slice_text(name),
		.terms = {.kinds = ENTRY_EXACT | ENTRY_PARENT, .action = ACTION_DROP},
	};
}

static inline struct indicator store_fixture_record(const char *id, const char *value)
{
	return (struct indicator){
		.id = slice_text(id),
		.value = slice_text(value),
		.created_ns = TIMESTAMP_MIN,
		.modified_ns = TIMESTAMP_MIN,
		.valid_from_ns = TIMESTAMP_MIN,
		.valid_until_ns = TIMESTAMP_MAX,
		.tlp = TLP_GREEN,
		.action = ACTION_ALERT,
		.confidence = CONFIDENCE_NONE,
	};
}

// An indicator with one value, a name. `json` may be NULL.
static inline void store_fixture_add(struct store_fixture *fixture, const struct indicator *record,
                                     const char *name, const char *json)
{
	struct sink *sink = store_delivery_sink(fixture->delivery);
	struct intake_value value = store_fixture_name(name);
	const char *reason;
	uint32_t id;

	assert_int_equal(sink->ops->add_indicator(sink, record, &id), 0);
	assert_int_equal(sink->ops->add_value(sink, id, &value, &reason), 1);
	if (json != NULL)
		assert_int_equal(sink->ops->keep_object(sink, id, record->id, slice_text(json)), 0);
}

// A list's entry.
static inline void store_fixture_list(struct store_fixture *fixture, const char *name)
{
	struct indicator record = store_fixture_record("", name);

	store_fixture_add(fixture, &record, name, NULL);
}

// A complete delivery of a list; names end with NULL.
static inline struct delivery_counts
store_fixture_deliver(struct store_fixture *fixture, int64_t time_ns, const char *const names[])
{
	store_fixture_begin(fixture, time_ns, true);
	for (size_t i = 0; names[i] != NULL; i++)
		store_fixture_list(fixture, names[i]);
	return store_fixture_commit(fixture);
}

// Of all live votes, their values as received: "a.example b.example " in order of the vote.
struct store_fixture_text {
	char text[4096];
	size_t size;
};

static inline int store_fixture_note_vote(void *context, const struct vote *vote)
{
	struct store_fixture_text *text = context;

	text->size += (size_t)snprintf(text->text + text->size, sizeof(text->text) - text->size,
	                               "%.*s ", SLICE_FORMAT(vote->record.value));
	return 0;
}

static inline void store_fixture_assert_live(struct store_fixture *fixture, const char *expected)
{
	struct store_fixture_text text = {};

	assert_int_equal(store_vote_each(fixture->store, store_fixture_note_vote, &text), 0);
	assert_string_equal(text.text, expected);
}
