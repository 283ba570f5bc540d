// loader/store_query.h — the store's SQL: every statement by a name, prepared once.
//
// For store*.c only. A query is begun, bound, stepped, ended; two of the same at once are two.
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

enum store_sql {
	SQL_BEGIN,
	SQL_COMMIT,
	SQL_ROLLBACK,
	SQL_META_GET,
	SQL_META_SET,
	SQL_SOURCE_PUT,
	SQL_SOURCE_GET,
	SQL_SOURCE_BY_ID,
	SQL_SOURCE_EACH,
	SQL_SOURCE_ATTEMPTED,
	SQL_SOURCE_DELIVERED,
	SQL_NOTE_SET,
	SQL_NOTE_CLEAR,
	SQL_NOTE_CLEAR_ALL,
	SQL_NOTE_GET,
	SQL_VOTE_INSERT,
	SQL_VOTE_UPDATE,
	SQL_VOTE_END,
	SQL_VOTE_BAR,
	SQL_VOTE_GET,
	SQL_VOTE_EACH_LIVE,
	SQL_VOTE_OF_SOURCE,
	SQL_VOTE_KNOWN_BENIGN,
	SQL_VOTE_WITH_TEXT,
	SQL_VOTE_CHANGED_BETWEEN,
	SQL_VOTE_EVER_OF_SOURCE,
	SQL_MEMBER_PUT,
	SQL_MEMBER_GET,
	SQL_MEMBER_EACH,
	SQL_MEMBER_OF_KEY,
	SQL_VALUE_PUT,
	SQL_VALUE_REMOVE,
	SQL_VALUE_EACH,
	SQL_VOTE_OF_VALUE,
	SQL_PAST_VALUE_PUT,
	SQL_PAST_VALUE_OF,
	SQL_VERSION_PUT,
	SQL_VERSION_EACH,
	SQL_OBJECT_PUT,
	SQL_OBJECT_GET,
	SQL_OBJECT_EACH,
	SQL_BLOCK_PUT,
	SQL_BLOCK_REMOVE,
	SQL_BLOCK_GET,
	SQL_CHANGE_PUT,
	SQL_CHANGE_EACH,
	SQL_CHANGE_OF_SOURCE,
	SQL_CHANGE_EVER_OF_SOURCE,
	SQL_CHANGE_FORGET,
	SQL_EVENT_PUT,
	SQL_EVENT_EACH,
	SQL_REVIEW_PUT,
	SQL_REVIEW_FURTHER,
	SQL_REVIEW_NO_FURTHER,
	SQL_REVIEW_OPEN,
	SQL_REVIEW_EACH,
	SQL_REVIEW_GET,
	SQL_REVIEW_DECIDE,
	SQL_REVIEW_STATE,
	SQL_HITS_ADD,
	SQL_HITS_EACH,
	SQL_HITS_OF_SOURCE,
	SQL_PROMOTE,
	SQL_DEMOTE,
	SQL_PROMOTED_EACH,
	SQL_VOTE_ALL,
	SQL_VERSION_BEFORE,
	SQL_PURGE_VOTE,
	SQL_PURGE_VERSIONS,
	SQL_PURGE_VERSION,
	SQL_PURGE_HITS,
	SQL_PURGE_MEMBER,
	SQL_PURGE_PAST_VALUES,
	SQL_SOURCE_LOST,
	SQL_COUNT,
};

struct store;

struct store_query {
	struct store *store;
	enum store_sql sql;
	sqlite3_stmt *statement; // NULL: not begun
	bool is_writers;         // of a delivery's helper: all others wait for it
};

// Returns 0 and gives the query to the caller (store_query_end), or an error.
int store_query_begin(struct store *store, enum store_sql sql, struct store_query *ret_query);

// Accepts one that was never begun.
void store_query_end(struct store_query *query);
#define AUTO_QUERY __attribute__((cleanup(store_query_end))) struct store_query

// Columns count from 1. What is bound is borrowed until the query is stepped to its end. A value
// that cannot be bound is told by the step.
void store_query_number(struct store_query *query, int column, int64_t number);
void store_query_text(struct store_query *query, int column, struct slice text);
void store_query_bytes(struct store_query *query, int column, struct slice bytes);
void store_query_null(struct store_query *query, int column);

// Returns 1 with a row, 0 at the end, or an error.
int store_query_step(struct store_query *query);

// To the end at once, and ready to be bound again. Returns 0 or an error.
int store_query_run(struct store_query *query);

// Ready to be bound again.
void store_query_reset(struct store_query *query);

// Of the row, columns count from 0; valid until the next step.
int64_t store_query_get_number(const struct store_query *query, int column);
struct slice store_query_get_bytes(const struct store_query *query, int column);
const char *store_query_get_text(const struct store_query *query, int column); // NULL: none
bool store_query_is_null(const struct store_query *query, int column);

// Runs a statement without values.
int store_query_once(struct store *store, enum store_sql sql);
