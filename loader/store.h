// loader/store.h — everything known, with votes and history: one SQLite file (WAL, mode 0600).
//
// A *vote* is what one source says of one indicator: for STIX its id, source and creator, for a
// list the value itself. It has one current version, older ones in its history, and lives until it
// is withdrawn, revoked, or past its validity. A value lives while one vote that names it lives.
// Everything is changed by deliveries (loader/store_delivery.h), one transaction each, so that a
// crash leaves the state before or after it.
//
// One struct store, one thread; any number of processes may have the file open. Times are ns UTC.
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/report.h"
#include "engine/hit.h"
#include "engine/indicator.h"

struct store;

enum store_mode {
	STORE_READ,   // must exist
	STORE_WRITE,  // must exist
	STORE_CREATE, // made, with mode 0600, when it does not exist
};

// Opens the file and brings it to this version's schema. Returns 0 and gives it to the caller
// (store_close), or -ENOENT, -EBADMSG (no store, of a newer version, damaged), -EACCES, -EBUSY,
// -ENOMEM, -EIO; `report` says what.
int store_open(const char *path, enum store_mode mode, struct report *report,
               struct store **ret_store);

// Accepts NULL.
void store_close(struct store *store);
DEFINE_AUTO(store, store_close)

// What SQLite said of the error that the last call gave. Valid until the next call.
const char *store_error(const struct store *store);
// How many calls SQLite failed so far: was it the store, or something else?
uint64_t store_failure_count(const struct store *store);

// Who writes while another process does waits for it, 10 s at most, or until `is_stopped` (NULL:
// never stopped), which is borrowed until the next call.
void store_set_stop(struct store *store, bool (*is_stopped)(void *context), void *context);

// 16 random bytes that name this store, for whoever remembers it (the database's origin).
void store_uuid(const struct store *store, uint8_t ret_uuid[16]);

// ---- sources ---------------------------------------------------------------------------------

enum source_role {
	SOURCE_INDICATORS,
	SOURCE_KNOWN_BENIGN, // its values are in the veto set
	SOURCE_ATTACKED,     // indicators whose values are legitimate sites: veto set, BKMW_ATTK
};

// What the store keeps of a source. Texts are borrowed from the caller, or, when read back, valid
// until the next call.
struct store_source {
	uint32_t source_id; // 1, 2, 3 …
	const char *name;   // unique
	const char *kind;   // "file", "taxii21" … (loader/fetch.h)
	const char *address;
	const char *group; // NULL: none
	enum source_role role;
	uint8_t reliability; // 0-100
	enum tlp tlp;        // default
	bool is_snapshot;    // absence from a complete fetch withdraws

	// Written by deliveries.
	int64_t last_attempt_ns, last_success_ns, last_change_ns; // TIMESTAMP_MIN: never
	int64_t last_complete_ns; // of a complete fetch: the last time that its live votes were
	                          // seen
	uint64_t live;            // votes
	const char *last_error;   // of the last attempt, "" when it went well
};

// Makes or updates a source by its name; gives its id. Returns 0 or an error.
int store_source_put(struct store *store, const struct store_source *source,
                     uint32_t *ret_source_id);
// Returns 0, -ENOENT or an error.
int store_source_get(struct store *store, const char *name, struct store_source *ret_source);
int store_source_each(struct store *store,
                      int (*visit)(void *context, const struct store_source *source),
                      void *context);

// What a fetcher remembers of a source from run to run: etag, added_after, digests … Small texts by
// name; a value is NULL where there is none. Written outside a delivery they take effect at once,
// within one with its commit.
int store_source_note(struct store *store, uint32_t source_id, const char *name, const char *value);
int store_source_noted(struct store *store, uint32_t source_id, const char *name,
                       struct buffer *ret_value); // appended; nothing when there is none

// Forgets all that was noted: the next run fetches everything.
int store_source_forget(struct store *store, uint32_t source_id);

// Attempt made: `error_text` "" when it went well.
int store_source_attempted(struct store *store, uint32_t source_id, int64_t time_ns,
                           const char *error_text);

// ---- votes -----------------------------------------------------------------------------------

// Why a vote lives no more.
enum vote_end { VOTE_LIVE, VOTE_ABSENT, VOTE_DELETED, VOTE_REVOKED, VOTE_REPLACED, VOTE_REJECTED };
const char *vote_end_name(enum vote_end end); // "live", "absent", "deleted" …

// One vote with one of its versions. Slices are valid within the visit only.
struct vote {
	uint64_t vote_id; // 1, 2, 3 …; the struct indicator's store_id
	uint32_t source_id;
	uint32_t version;        // 1, 2, 3 … of this vote
	struct indicator record; // source and group from the source; tags and action not set
	struct slice values;     // its normalised values: loader/value_code.h
	int64_t first_seen_ns;   // collection time of its first version
	int64_t last_seen_ns;    // when it was last known to be there
	int64_t version_ns;      // collection time of this version
	int64_t withdrawn_ns;    // TIMESTAMP_MAX: lives
	enum vote_end end;
	bool is_known_benign;
	uint64_t object_place; // of its STIX object, for store_object_at(); 0: there is none
};

typedef int store_vote_fn(void *context, const struct vote *vote); // an error ends the walk

// Every live vote in order of vote_id. Those past their validity are live here (the reader
// compares times).
int store_vote_each(struct store *store, store_vote_fn *visit, void *context);
int store_vote_get(struct store *store, uint64_t vote_id, store_vote_fn *visit, void *context);

// The live votes that name a value (value_code_hash()), in order of vote_id.
int store_vote_of_value(struct store *store, uint64_t value_hash, store_vote_fn *visit,
                        void *context);

// For counting: (value hash, vote, source, poster) of every live vote's values, in order of the
// hash as a signed number; poster is a number for the creator (created_by), 0 where the source
// itself is.
struct value_vote {
	uint64_t value_hash;
	uint64_t vote_id;
	uint32_t source_id;
	uint32_t poster_id;
};
int store_value_each(struct store *store, int (*visit)(void *context, const struct value_vote *),
                     void *context);
uint64_t store_value_seed(const struct store *store); // of value_code_hash()

// Objects that indicators refer to and that are not indicators (identities, markings, reports), and
// the STIX object of a vote; JSON text is appended. -ENOENT when there is none.
int store_object_of_vote(struct store *store, uint64_t vote_id, struct buffer *json);
// The same by its place, known from the vote. Neighbours are found at little cost.
int store_object_at(struct store *store, uint64_t place, struct buffer *json);
int store_object_each(struct store *store,
                      int (*visit)(void *context, uint32_t source_id, struct slice id,
                                   struct slice json),
                      void *context);

// ---- what changed ----------------------------------------------------------------------------

// Every change of a vote takes a number. The number of the last one:
uint64_t store_change_last(struct store *store);

// Votes changed after `since`, each once. Returns 0, -EOVERFLOW when they are not told any more
// (too many: compile anew), or an error.
int store_change_each(struct store *store, uint64_t since,
                      int (*visit)(void *context, uint64_t vote_id), void *context);

// Those of a source alone with a higher id than `after_vote_id`, each once and in order of their
// ids. When changes are not told any more, all votes that the source ever had.
struct store_change_range {
	uint32_t source_id;
	uint64_t since;
	uint64_t after_vote_id;
};
int store_change_of_source(struct store *store, const struct store_change_range *range,
                           int (*visit)(void *context, uint64_t vote_id), void *context);
