#include "loader/store_schema.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include <openssl/rand.h>

#include "loader/store_internal.h"

// Version 1. Times are ns; a NULL time is "not set". Numbers of enums as in the headers.
//
//   vote        one row a vote: its current version. `age_ns`: from the first version to this one.
//               `bar_ns`: what is not newer than this does not make it live again. `object`:
//               block and place of its STIX object. `record`: loader/store_record.h.
//   member      what a delivery asks: which vote has this identity, and with which content?
//   value_vote  values of live votes by hash; past_value those that votes had once.
static const char schema[] =
	"CREATE TABLE meta (name TEXT PRIMARY KEY, value) WITHOUT ROWID;"
	"CREATE TABLE source (source_id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, kind TEXT, "
	"address TEXT, group_name TEXT, role INT, reliability INT, tlp INT, is_snapshot INT, "
	"last_attempt_ns INT, last_success_ns INT, last_change_ns INT, last_complete_ns INT, "
	"live INT NOT NULL DEFAULT 0, last_error TEXT NOT NULL DEFAULT '');"
	"CREATE TABLE note (source_id INT, name TEXT, value TEXT, PRIMARY KEY (source_id, name)) "
	"WITHOUT ROWID;"
	"CREATE TABLE vote (vote_id INTEGER PRIMARY KEY, source_id INT, version INT, "
	"first_seen_ns INT, age_ns INT, withdrawn_ns INT, end INT, flags INT, last_seen_ns INT, "
	"bar_ns INT, line INT, object INT, record BLOB);"
	"CREATE TABLE member (source_id INT, key INT, owner INT, vote_id INT, content INT, "
	"end INT, PRIMARY KEY (source_id, key, owner)) WITHOUT ROWID;"
	"CREATE TABLE value_vote (value_hash INT, vote_id INT, source_id INT, poster_id INT, "
	"PRIMARY KEY (value_hash, vote_id)) WITHOUT ROWID;"
	"CREATE TABLE past_value (value_hash INT, vote_id INT, PRIMARY KEY (value_hash, vote_id)) "
	"WITHOUT ROWID;"
	"CREATE TABLE version (vote_id INT, version INT, version_ns INT, withdrawn_ns INT, "
	"end INT, flags INT, last_seen_ns INT, line INT, object INT, record BLOB, "
	"PRIMARY KEY (vote_id, version)) WITHOUT ROWID;"
	"CREATE TABLE object (source_id INT, id TEXT, modified_ns INT, json TEXT, "
	"PRIMARY KEY (source_id, id)) WITHOUT ROWID;"
	"CREATE TABLE object_block (block_id INTEGER PRIMARY KEY, objects BLOB);"
	"CREATE TABLE change (change_id INTEGER PRIMARY KEY, vote_id INT);"
	"CREATE TABLE event (event_id INTEGER PRIMARY KEY, time_ns INT, who TEXT, what TEXT, "
	"source_id INT, vote_id INT, why TEXT);"
	"CREATE INDEX event_by_time ON event (time_ns);"
	"CREATE TABLE review (review_id INTEGER PRIMARY KEY, kind INT, state INT, source_id INT, "
	"vote_id INT, subject TEXT, reason TEXT, time_ns INT, count INT, decided_by TEXT, "
	"decided_ns INT, UNIQUE (kind, source_id, subject));"
	"CREATE TABLE hits (vote_id INT, day INT, count INT, first_ns INT, last_ns INT, "
	"PRIMARY KEY (vote_id, day)) WITHOUT ROWID;"
	"CREATE TABLE promoted (vote_id INTEGER PRIMARY KEY);"
	"PRAGMA application_id = 1397445460;"
	"PRAGMA user_version = 1;";

static_assert(STORE_APPLICATION_ID == 1397445460 && STORE_SCHEMA_VERSION == 1, "as in the schema");

static int read_pragma(struct store *store, const char *sql, int64_t *ret_number)
{
	sqlite3_stmt *statement;
	int code = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*ret_number = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	return code == SQLITE_ROW ? 0 : store_failure(store, code);
}

static int make_tables(struct store *store)
{
	uint8_t random[16 + sizeof(uint64_t)];
	AUTO_QUERY query = {};

	if (RAND_bytes(random, sizeof(random)) != 1)
		return -EIO;
	int code = sqlite3_exec(store->db, schema, NULL, NULL, NULL);
	if (code != SQLITE_OK)
		return store_failure(store, code);

	int error = store_query_begin(store, SQL_META_SET, &query);
	if (error < 0)
		return error;
	store_query_text(&query, 1, slice_text("uuid"));
	store_query_bytes(&query, 2, slice_of(random, 16));
	error = store_query_run(&query);
	if (error < 0)
		return error;
	store_query_text(&query, 1, slice_text("seed"));
	store_query_bytes(&query, 2, slice_of(random + 16, sizeof(uint64_t)));
	return store_query_run(&query);
}

// What kind of file it is: 1 a store, 0 an empty one.
static int look(struct store *store, struct report *report)
{
	int64_t application_id = 0;
	int64_t version = 0;
	int64_t objects = 0;
	int error = read_pragma(store, "PRAGMA application_id", &application_id);

	if (error == 0)
		error = read_pragma(store, "PRAGMA user_version", &version);
	if (error == 0)
		error = read_pragma(store, "SELECT count(*) FROM sqlite_schema", &objects);
	if (error < 0)
		return error;
	if (application_id == 0 && version == 0 && objects == 0)
		return 0;
	if (application_id != STORE_APPLICATION_ID) {
		report_note(report, "not a store", slice_text(""),
		            "an SQLite file of another kind");
		return -EBADMSG;
	}
	if (version != STORE_SCHEMA_VERSION) {
		report_note(report, "store of another version", slice_text(""),
		            "version %lld; this program knows %d", (long long)version,
		            STORE_SCHEMA_VERSION);
		return -EBADMSG;
	}
	return 1;
}

static int read_identity(struct store *store)
{
	static const struct {
		const char *name;
		size_t offset;
		size_t size;
	} parts[] = {
		{"uuid", offsetof(struct store, uuid), sizeof(store->uuid)},
		{"seed", offsetof(struct store, seed), sizeof(store->seed)},
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		AUTO_QUERY query = {};
		int result = store_query_begin(store, SQL_META_GET, &query);

		if (result < 0)
			return result;
		store_query_text(&query, 1, slice_text(parts[i].name));
		result = store_query_step(&query);
		if (result < 0)
			return result;
		struct slice bytes = result == 1 ? store_query_get_bytes(&query, 0)
		                                 : slice_text("");
		if (bytes.size != parts[i].size)
			return -EBADMSG;
		memcpy((uint8_t *)store + parts[i].offset, bytes.data, bytes.size);
	}
	return 0;
}

int store_schema_settle(struct store *store, bool may_create, struct report *report)
{
	int result = look(store, report);

	if (result == 0 && !may_create) {
		report_note(report, "not a store", slice_text(""), "an empty file");
		return -EBADMSG;
	}
	if (result == 0) { // another process may be doing the same
		int error = store_begin(store);

		if (error < 0)
			return error;
		result = look(store, report);
		if (result == 0)
			result = make_tables(store);
		result = store_end(store, result < 0 ? result : 0);
	}
	return result < 0 ? result : read_identity(store);
}
