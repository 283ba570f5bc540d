// loader/store_sql.h — the texts of the store's statements, by enum store_sql.
#pragma once

extern const char *const store_sql_texts[];

// Of a vote with one of its versions, in the order in which store_row.c reads them.
#define STORE_VOTE_COLUMNS                                                               \
	"vote_id, source_id, version, first_seen_ns, age_ns, withdrawn_ns, end, flags, " \
	"last_seen_ns, bar_ns, line, object, record"

// The same of an older version.
#define STORE_VERSION_COLUMNS                                                          \
	"version.vote_id, vote.source_id, version.version, vote.first_seen_ns, "       \
	"version.version_ns - vote.first_seen_ns, version.withdrawn_ns, version.end, " \
	"version.flags, version.last_seen_ns, NULL, version.line, version.object, "    \
	"version.record"
