// engine/match.h — an open indicator database, and what of it an observable meets.
//
// A database is a mapped file: opening costs the same at any size, any number of threads and
// processes may search it at once. Every offset of the file is clamped at use, so that a
// corrupt file gives wrong answers at worst, never a crash; database_verify() tells whether it
// is whole. A file must not be written or cut while it is open, which would end the reader with
// SIGBUS: replace it by rename(), or hand over a sealed memfd.
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "engine/hit.h"
#include "engine/indicator.h"

enum {
	MATCH_BATCH_MAX = 64,        // observables in one call of match_find()
	MATCHES_PER_OBSERVABLE = 64, // indicators told of one observable; further ones are counted
};

struct database;

// Maps the database in `fd`, it alone (the descriptor may be closed afterwards); `path` is for
// messages only. Returns 0 and gives it to the caller (database_close), or
//   -EINVAL  not a database, of another format version, or damaged in its header: `report` says
//   or the error of mapping the file.
int database_open_fd(int fd, const char *path, struct report *report,
                     struct database **ret_database);
// Likewise, with the overlay and the state of indicators beside it (engine/overlay.h), as one: ids
// of the overlay follow those of the base. What is there and does not belong to it is reported.
int database_open(const char *path, struct report *report, struct database **ret_database);

// Accepts NULL. No match_context of it may be in use.
void database_close(struct database *database);
DEFINE_AUTO(database, database_close)

// Reads the whole file: checksums of every section, the zeros between them, the build id, and, when
// `public_key_path` (Ed25519, PEM) is given, the signature; so of the overlay, and the state file,
// which no signature covers: it can make an indicator silent, nothing else. Returns 0, -EBADMSG
// (damaged: `report` says what and where), -EKEYREJECTED (not signed, or not by this key), or
// another error.
int database_verify(const struct database *database, const char *public_key_path,
                    struct report *report);

struct database_info {
	uint32_t format_version;
	uint8_t build_id[32]; // SHA-256 of the content
	bool is_signed;
	uint64_t indicators;
	uint64_t ipv4_hosts, ipv4_networks, ipv6_hosts, ipv6_networks;
	uint64_t names, urls, hashes[HASH_ALGORITHM_COUNT], patterns;
	uint64_t file_bytes, hot_bytes, objects;
	unsigned section_count; // of the base
	bool has_overlay;       // then counted above as well: a value in both counts twice
	uint8_t overlay_build_id[32];
	uint64_t overlay_indicators;
	uint64_t replaced_indicators; // of the base, by the overlay; not in `indicators`
	uint64_t silent_indicators;   // of the base, by the state file; likewise
	uint64_t veto_indicators, veto_names, veto_prefixes, veto_hashes;
};

void database_info(const struct database *database, struct database_info *ret_info);

// The kinds of hashes that it looks for: a bit for each enum hash_algorithm.
uint8_t database_hash_algorithms(const struct database *database);

// Name, offset and bytes of section `index` < section_count, for `inspect`.
void database_section(const struct database *database, unsigned index, const char **ret_name,
                      uint64_t *ret_offset, uint64_t *ret_bytes);

// The record of an indicator id that match_find() gave, also when it is silent since. Its slices
// live as long as `database`. False when there is no such indicator (a corrupt file).
bool database_indicator(const struct database *database, uint32_t indicator_id,
                        struct indicator *ret_indicator);

// Is it silent: withdrawn since the database was made, or another in the overlay took its place?
bool database_indicator_is_silent(const struct database *database, uint32_t indicator_id);

// Was it added since the database was made?
bool database_indicator_is_in_overlay(const struct database *database, uint32_t indicator_id);

// What it was made from, the overlay where there is one; false: feeds, not a store.
struct build_origin;
bool database_origin(const struct database *database, struct build_origin *ret_origin);

// The id of the indicator made from this row of the store, or NO_INDICATOR. Of a base with its
// overlay: the overlay's where both have one.
uint32_t database_indicator_of_store(const struct database *database, uint64_t store_id);

// How `name` as an entry leads to an indicator: enum entry_kind, 0 when it does not.
uint8_t database_name_kinds(const struct database *database, struct slice name,
                            uint32_t indicator_id);

// Visits every indicator that is heard in order of id until `visit` returns false.
void database_each_indicator(const struct database *database,
                             bool (*visit)(void *context, uint32_t indicator_id,
                                           const struct indicator *indicator),
                             void *context);

// Appends the STIX object kept for an indicator (by its id), or for any object id, as JSON text
// to `json`. Returns 0, -ENOENT when none was kept, -EBADMSG when damaged, -ENOMEM.
struct buffer;
int database_indicator_object(const struct database *database, uint32_t indicator_id,
                              struct buffer *json);
int database_object(const struct database *database, struct slice id, struct buffer *json);

struct match {
	uint32_t observable; // index into the call's observables
	uint32_t indicator_id;
	enum match_kind kind;
	enum action action;
	bool is_vetoed; // the veto set made an alert of a drop
};

// A thread's working memory for match_find(): Hyperscan scratch, PCRE2 match data, results.
struct match_context;

// Returns 0 and gives it to the caller (match_context_free), or -ENOMEM, or -EINVAL when
// Hyperscan refuses this CPU (SSE4.2 is the baseline).
int match_context_create(const struct database *database, struct match_context **ret_context);

// Accepts NULL.
void match_context_free(struct match_context *context);
DEFINE_AUTO(match_context, match_context_free)

// HOT. All matches of `count` <= MATCH_BATCH_MAX observables of any types, in order of
// observable, then indicator id; each indicator at most once per observable, with its strongest
// kind (in the order of enum match_kind). *ret_matches lives in `context` until the next call.
// Returns how many. Whether an indicator is valid at the time is the caller's question.
unsigned match_find(struct match_context *context, const struct observable observables[],
                    unsigned count, const struct match **ret_matches);

// Does the veto set cover it: equal to or below a name, equal to or inside a prefix, a URL's host?
// *ret_veto (may be NULL) is the record of whoever says so. match_find() asks this of each drop.
bool match_is_vetoed(struct match_context *context, const struct observable *observable,
                     struct indicator *ret_veto);
// Likewise of a whole prefix.
bool match_is_prefix_vetoed(struct match_context *context, const struct prefix *prefix,
                            struct indicator *ret_veto);

// Matches left out so far because one observable had more than MATCHES_PER_OBSERVABLE, and
// patterns given up because a limit was hit (PCRE2's match limit).
struct match_limits {
	uint64_t matches_left_out;
	uint64_t patterns_given_up;
};
void match_context_limits(const struct match_context *context, struct match_limits *ret_limits);
