// loader/store_internal.h — what store*.c share.
#pragma once

#include <sqlite3.h>
#include <stdint.h>

#include "base/buffer.h"
#include "loader/store.h"
#include "loader/store_query.h"
#include "loader/store_rows.h"

enum {
	STORE_APPLICATION_ID = 0x534b5354, // "SKST"
	STORE_SCHEMA_VERSION = 1,
	STORE_BUSY_TIMEOUT_MS = 10000, // as loader/store.h says
	STORE_BUSY_PAUSE_MS = 20,
	STORE_CHANGES_MAX = 100000, // told one by one
	STORE_BLOCK_OBJECTS = 64,   // in a block
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[SQL_COUNT]; // prepared and not in use; NULL: none
	uint8_t uuid[16];
	uint64_t seed;
	bool is_delivering;
	struct task *writer;    // a delivery's helper, which may be at work; NULL: none
	struct store_rows rows; // what a statement reads now
	struct buffer error;    // text with its NUL, of the last failure
	uint64_t failure_count;
	bool (*is_stopped)(void *context); // asked while another process writes; NULL
	void *stop_context;
	struct buffer text; // of what store_source_get() and the like lend

	// The block of objects read last: neighbours are asked for one after the other.
	struct buffer object_block;
	uint64_t object_block_id;      // 0: none
	uint32_t object_block_version; // of the data, as other connections change it
};

// What SQLite said, as an errno; keeps its text for store_error().
int store_failure(struct store *store, int code);

// Numbers of the store by name, "change_last" …; 0 when not set.
int store_meta_get(struct store *store, const char *name, int64_t *ret_number);
int store_meta_set(struct store *store, const char *name, int64_t number);

// Transactions. A delivery's own is used when there is one.
int store_begin(struct store *store);
int store_end(struct store *store, int error); // commits when 0, and returns it or what happened

int store_source_by_id(struct store *store, uint32_t source_id, struct store_source *ret_source);

// Numbers the changes of `count` votes, within a transaction. With more than STORE_CHANGES_MAX they
// are not told one by one, and `vote_ids` is not read.
int store_change_put(struct store *store, const uint32_t vote_ids[], uint64_t count);

// store_promote() (loader/store_figures.h) within a transaction.
int store_promote_within(struct store *store, uint64_t vote_id, bool is_promoted, const char *who,
                         const char *why);
