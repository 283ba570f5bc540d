// Every statement of the store.
#include <assert.h>

#include "loader/store_query.h"
#include "loader/store_sql.h"

#define SOURCE_COLUMNS                                                                      \
	"source_id, name, kind, address, group_name, role, reliability, tlp, is_snapshot, " \
	"last_attempt_ns, last_success_ns, last_change_ns, last_complete_ns, live, last_error"

const char *const store_sql_texts[] = {
	[SQL_BEGIN] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK",
	[SQL_META_GET] = "SELECT value FROM meta WHERE name = ?1",
	[SQL_META_SET] = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)",

	[SQL_SOURCE_PUT] =
		"INSERT INTO source (name, kind, address, group_name, role, reliability, tlp, "
		"is_snapshot) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
		"ON CONFLICT (name) DO UPDATE SET kind = ?2, address = ?3, group_name = ?4, "
		"role = ?5, reliability = ?6, tlp = ?7, is_snapshot = ?8",
	[SQL_SOURCE_GET] = "SELECT " SOURCE_COLUMNS " FROM source WHERE name = ?1",
	[SQL_SOURCE_BY_ID] = "SELECT " SOURCE_COLUMNS " FROM source WHERE source_id = ?1",
	[SQL_SOURCE_EACH] = "SELECT " SOURCE_COLUMNS " FROM source ORDER BY source_id",
	[SQL_SOURCE_ATTEMPTED] =
		"UPDATE source SET last_attempt_ns = ?2, last_error = ?3, "
		"last_success_ns = CASE WHEN ?3 = '' THEN ?2 ELSE last_success_ns END "
		"WHERE source_id = ?1",
	[SQL_SOURCE_DELIVERED] =
		"UPDATE source SET live = live + ?2, last_change_ns = ifnull(?3, last_change_ns), "
		"last_complete_ns = ifnull(?4, last_complete_ns) WHERE source_id = ?1",
	[SQL_NOTE_SET] = "INSERT OR REPLACE INTO note (source_id, name, value) VALUES (?1, ?2, ?3)",
	[SQL_NOTE_CLEAR] = "DELETE FROM note WHERE source_id = ?1 AND name = ?2",
	[SQL_NOTE_CLEAR_ALL] = "DELETE FROM note WHERE source_id = ?1",
	[SQL_NOTE_GET] = "SELECT value FROM note WHERE source_id = ?1 AND name = ?2",

	[SQL_VOTE_INSERT] =
		"INSERT INTO vote (vote_id, source_id, version, first_seen_ns, age_ns, end, "
		"flags, line, object, record, withdrawn_ns) "
		"VALUES (?1, ?2, 1, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9)",
	[SQL_VOTE_UPDATE] =
		"UPDATE vote SET version = ?2, age_ns = ?3 - first_seen_ns, end = 0, flags = ?4, "
		"withdrawn_ns = NULL, last_seen_ns = NULL, bar_ns = NULL, line = ?5, object = ?6, "
		"record = ?7 WHERE vote_id = ?1",
	[SQL_VOTE_END] = "UPDATE vote SET end = ?2, withdrawn_ns = ?3, last_seen_ns = ?4, "
			 "bar_ns = ?5 WHERE vote_id = ?1",
	[SQL_VOTE_BAR] = "UPDATE vote SET end = ?2, bar_ns = max(?3, ifnull(bar_ns, ?3)) "
			 "WHERE vote_id = ?1",
	[SQL_VOTE_GET] = "SELECT " STORE_VOTE_COLUMNS " FROM vote WHERE vote_id = ?1",
	[SQL_VOTE_EACH_LIVE] = "SELECT " STORE_VOTE_COLUMNS
			       " FROM vote WHERE end = 0 ORDER BY vote_id",
	[SQL_VOTE_OF_SOURCE] = "SELECT " STORE_VOTE_COLUMNS " FROM vote WHERE vote_id IN "
			       "(SELECT vote_id FROM member WHERE source_id = ?1 AND end = 0) "
			       "AND end = 0 ORDER BY vote_id",
	[SQL_VOTE_KNOWN_BENIGN] = "SELECT " STORE_VOTE_COLUMNS " FROM vote "
				  "WHERE flags & 1 AND end = 0 ORDER BY vote_id",
	[SQL_VOTE_WITH_TEXT] = "SELECT " STORE_VOTE_COLUMNS " FROM vote "
			       "WHERE instr(record, ?1) > 0 ORDER BY vote_id",
	[SQL_VOTE_CHANGED_BETWEEN] =
		"SELECT " STORE_VOTE_COLUMNS " FROM vote WHERE first_seen_ns <= ?2 AND "
		"(first_seen_ns + age_ns > ?1 OR (withdrawn_ns > ?1 AND withdrawn_ns <= ?2)) "
		"AND (?3 = 0 OR source_id = ?3) ORDER BY vote_id",
	[SQL_VOTE_EVER_OF_SOURCE] = "SELECT " STORE_VOTE_COLUMNS " FROM vote WHERE vote_id IN "
				    "(SELECT vote_id FROM member WHERE source_id = ?1)",

	[SQL_MEMBER_PUT] =
		"INSERT OR REPLACE INTO member (source_id, key, owner, vote_id, content, end) "
		"SELECT ?1, key, first >> 32 & 0xffffffff, first & 0xffffffff, "
		"second >> 8 & 0xffffffffffffff, second & 0xff FROM sorted_row",
	[SQL_MEMBER_GET] = "SELECT vote_id, content, end FROM member "
			   "WHERE source_id = ?1 AND key = ?2 AND owner = ?3",
	[SQL_MEMBER_EACH] =
		"SELECT key, owner, vote_id, content, end FROM member WHERE source_id = ?1",
	[SQL_MEMBER_OF_KEY] = "SELECT vote_id FROM member WHERE source_id IN "
			      "(SELECT source_id FROM source) AND key = ?1 ORDER BY vote_id",

	[SQL_VALUE_PUT] =
		"INSERT OR REPLACE INTO value_vote (value_hash, vote_id, source_id, poster_id) "
		"SELECT key, first, ?1, second FROM sorted_row",
	[SQL_VALUE_REMOVE] = "DELETE FROM value_vote WHERE value_hash = ?1 AND vote_id = ?2",
	[SQL_VALUE_EACH] = "SELECT value_hash, vote_id, source_id, poster_id FROM value_vote "
			   "ORDER BY value_hash, vote_id",
	[SQL_VOTE_OF_VALUE] =
		"SELECT " STORE_VOTE_COLUMNS " FROM vote WHERE vote_id IN "
		"(SELECT vote_id FROM value_vote WHERE value_hash = ?1) ORDER BY vote_id",
	[SQL_PAST_VALUE_PUT] =
		"INSERT OR IGNORE INTO past_value (value_hash, vote_id) VALUES (?1, ?2)",
	[SQL_PAST_VALUE_OF] = "SELECT vote_id FROM value_vote WHERE value_hash = ?1 UNION "
			      "SELECT vote_id FROM past_value WHERE value_hash = ?1 ORDER BY 1",

	[SQL_VERSION_PUT] =
		"INSERT INTO version (vote_id, version, version_ns, withdrawn_ns, end, flags, "
		"last_seen_ns, line, object, record) SELECT vote_id, version, "
		"first_seen_ns + age_ns, ifnull(withdrawn_ns, ?2), ifnull(nullif(end, 0), ?3), "
		"flags, ifnull(last_seen_ns, ?2), line, object, record FROM vote "
		"WHERE vote_id = ?1",
	[SQL_VERSION_EACH] = "SELECT " STORE_VERSION_COLUMNS " FROM version "
			     "JOIN vote USING (vote_id) WHERE version.vote_id = ?1 "
			     "ORDER BY version.version",

	[SQL_OBJECT_PUT] =
		"INSERT INTO object (source_id, id, modified_ns, json) VALUES (?1, ?2, ?3, ?4) "
		"ON CONFLICT (source_id, id) DO UPDATE SET modified_ns = ?3, json = ?4",
	[SQL_OBJECT_GET] = "SELECT json FROM object WHERE source_id = ?1 AND id = ?2",
	[SQL_OBJECT_EACH] = "SELECT source_id, id, json FROM object ORDER BY source_id, id",
	[SQL_BLOCK_PUT] = "INSERT OR REPLACE INTO object_block (block_id, objects) VALUES (?1, ?2)",
	[SQL_BLOCK_REMOVE] = "DELETE FROM object_block WHERE block_id = ?1",
	[SQL_BLOCK_GET] = "SELECT objects FROM object_block WHERE block_id = ?1",

	[SQL_CHANGE_PUT] = "INSERT INTO change (change_id, vote_id) VALUES (?1, ?2)",
	[SQL_CHANGE_EACH] =
		"SELECT DISTINCT vote_id FROM change WHERE change_id > ?1 ORDER BY vote_id",
	[SQL_CHANGE_OF_SOURCE] =
		"SELECT DISTINCT vote_id FROM change JOIN vote USING (vote_id) "
		"WHERE change_id > ?3 AND source_id = ?1 AND vote_id > ?2 ORDER BY vote_id",
	[SQL_CHANGE_EVER_OF_SOURCE] = "SELECT DISTINCT vote_id FROM member "
				      "WHERE source_id = ?1 AND vote_id > ?2 ORDER BY vote_id",
	[SQL_CHANGE_FORGET] = "DELETE FROM change WHERE change_id <= ?1",
	[SQL_EVENT_PUT] = "INSERT INTO event (time_ns, who, what, source_id, vote_id, why) "
			  "VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[SQL_EVENT_EACH] =
		"SELECT event_id, time_ns, who, what, source_id, vote_id, why FROM event "
		"WHERE time_ns >= ?1 AND (?2 = 0 OR vote_id = ?2) ORDER BY event_id",

	[SQL_REVIEW_PUT] =
		"INSERT INTO review (kind, state, source_id, vote_id, subject, reason, time_ns, "
		"count) VALUES (?1, 0, ?2, ?3, ?4, ?5, ?6, 1) "
		"ON CONFLICT (kind, source_id, subject) DO UPDATE SET count = count + 1, "
		"reason = ?5, vote_id = ?3 RETURNING state",
	[SQL_REVIEW_FURTHER] =
		"INSERT INTO review (kind, state, source_id, vote_id, subject, reason, time_ns, "
		"count) VALUES (?1, 0, ?2, 0, ?3, ?4, ?5, ?6) "
		"ON CONFLICT (kind, source_id, subject) DO UPDATE SET state = 0, count = ?6, "
		"reason = ?4",
	[SQL_REVIEW_NO_FURTHER] = "DELETE FROM review "
				  "WHERE kind = ?1 AND source_id = ?2 AND subject = ?3",
	[SQL_REVIEW_OPEN] =
		"SELECT count(*) FROM review WHERE kind = ?1 AND source_id = ?2 AND subject <> ?3 "
		"AND state = 0",
	[SQL_REVIEW_EACH] =
		"SELECT review_id, kind, state, source_id, vote_id, subject, reason, time_ns, "
		"count, ifnull(decided_by, ''), ifnull(decided_ns, 0) FROM review "
		"WHERE state = ?1 ORDER BY review_id",
	[SQL_REVIEW_GET] = "SELECT 1 FROM review WHERE review_id = ?1",
	[SQL_REVIEW_DECIDE] =
		"UPDATE review SET state = ?2, decided_by = ?3, decided_ns = ?4 "
		"WHERE review_id = ?1 AND state = 0 RETURNING source_id, vote_id, subject, kind",
	[SQL_REVIEW_STATE] = "SELECT state FROM review "
			     "WHERE kind = ?1 AND source_id = ?2 AND subject = ?3",

	[SQL_HITS_ADD] =
		"INSERT INTO hits (vote_id, day, count, first_ns, last_ns) "
		"VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (vote_id, day) DO UPDATE SET "
		"count = count + ?3, first_ns = min(first_ns, ?4), last_ns = max(last_ns, ?5)",
	[SQL_HITS_EACH] = "SELECT vote_id, sum(count), min(first_ns), max(last_ns) FROM hits "
			  "WHERE last_ns >= ?1 GROUP BY vote_id ORDER BY vote_id",
	[SQL_HITS_OF_SOURCE] =
		"SELECT ifnull(sum(hits.count), 0) FROM hits JOIN vote USING (vote_id) "
		"WHERE vote.source_id = ?1 AND hits.last_ns >= ?2",
	[SQL_PROMOTE] = "INSERT OR IGNORE INTO promoted (vote_id) VALUES (?1)",
	[SQL_DEMOTE] = "DELETE FROM promoted WHERE vote_id = ?1",
	[SQL_PROMOTED_EACH] = "SELECT vote_id FROM promoted ORDER BY vote_id",

	[SQL_VOTE_ALL] = "SELECT " STORE_VOTE_COLUMNS " FROM vote ORDER BY vote_id",
	[SQL_VERSION_BEFORE] = "SELECT " STORE_VERSION_COLUMNS " FROM version "
			       "JOIN vote USING (vote_id) WHERE version.withdrawn_ns < ?1",
	[SQL_PURGE_VOTE] = "DELETE FROM vote WHERE vote_id = ?1",
	[SQL_PURGE_VERSIONS] = "DELETE FROM version WHERE vote_id = ?1",
	[SQL_PURGE_VERSION] = "DELETE FROM version WHERE vote_id = ?1 AND version = ?2",
	[SQL_PURGE_HITS] = "DELETE FROM hits WHERE vote_id = ?1",
	[SQL_PURGE_MEMBER] = "DELETE FROM member WHERE source_id = ?1 AND key = ?2 AND owner = ?3",
	[SQL_PURGE_PAST_VALUES] = "DELETE FROM past_value WHERE vote_id NOT IN "
				  "(SELECT vote_id FROM vote)",
	[SQL_SOURCE_LOST] = "UPDATE source SET live = live - 1 WHERE source_id = ?1",
};
static_assert(sizeof(store_sql_texts) / sizeof(store_sql_texts[0]) == SQL_COUNT, "all there");
