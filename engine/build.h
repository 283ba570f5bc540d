// engine/build.h — makes an indicator database.
//
// The loader adds indicators and the values that name them; build_write() sorts, hashes and
// writes the file. One thread. What is added is copied. The same indicators and values give the
// same bytes, in whatever order the values were added (indicator ids follow the order of
// build_add_indicator, which is the feeds').
#pragma once

#include <stdint.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "engine/indicator.h"

struct build;

// Returns 0 and gives the builder to the caller (build_free), or -ENOMEM.
int build_create(struct build **ret_build);

// Accepts NULL.
void build_free(struct build *build);
DEFINE_AUTO(build, build_free)

// Adds a record and gives its id (1, 2, 3 …). Returns 0, -ENOMEM, or -EOVERFLOW (2^31 of them).
int build_add_indicator(struct build *build, const struct indicator *indicator,
                        uint32_t *ret_indicator_id);

// Appends to the record's report_names (a name already there is not repeated).
int build_add_report_name(struct build *build, uint32_t indicator_id, struct slice name);

// Raises the record's TLP to `tlp` when that is stricter (a marking defined later in the feed).
void build_raise_tlp(struct build *build, uint32_t indicator_id, enum tlp tlp);

// Takes an indicator out: its values are not compiled and its id is never reported; a newer
// version, with an id of its own, takes its place, or it was revoked.
void build_withdraw_indicator(struct build *build, uint32_t indicator_id);

// Keeps the STIX object as received, JSON text, for `match --with-indicators`: the indicator's
// own, or (NO_INDICATOR) one that indicators refer to: an identity, a marking-definition.
// Objects are spooled compressed to an unlinked temporary file, not held in memory.
// Returns 0, -ENOMEM, or the file's error.
int build_keep_object(struct build *build, uint32_t indicator_id, struct slice id,
                      struct slice json);

// Each adds one value of an indicator. All values are normalised already (engine/normalize.h).
// Adding the same value for the same indicator again unites the terms. A `prefix` of full
// length is a host. Returns 0 or -ENOMEM.
int build_add_prefix(struct build *build, const struct prefix *prefix, uint32_t indicator_id,
                     const struct entry_terms *terms);
int build_add_name(struct build *build, struct slice name, uint32_t indicator_id,
                   const struct entry_terms *terms);
// `url` is a URL key (normalize.h): host[:port]/path[?query], the scheme is in the terms.
int build_add_url(struct build *build, struct slice url, uint32_t indicator_id,
                  const struct entry_terms *terms);
int build_add_hash(struct build *build, enum hash_algorithm algorithm, struct slice digest,
                   uint32_t indicator_id);

enum pattern_syntax {
	PATTERN_LIKE,    // STIX LIKE: '%' any run, '_' any one character, the whole value
	PATTERN_MATCHES, // STIX MATCHES: PCRE, searched anywhere in the value
};

// A pattern over names (lower case, no root dot) or whole URLs (with scheme). It is checked at
// once, and compiled by build_write() in a child with time and memory limits.
// Returns 0, -ENOMEM, or -EINVAL with the reason in *ret_reason (static, or valid until the next
// call).
int build_add_pattern(struct build *build, enum observable_type type, enum pattern_syntax syntax,
                      struct slice pattern, uint32_t indicator_id, const struct entry_terms *terms,
                      const char **ret_reason);

// Would build_add_pattern() take it? Returns as that, without a build.
int build_check_pattern(enum observable_type type, enum pattern_syntax syntax, struct slice pattern,
                        const char **ret_reason);

// What the database is made from, for whoever brings it up to date later. All zero: feeds.
struct build_origin {
	uint8_t store_uuid[16];
	uint64_t change; // number of the store's last change that is in it
	uint64_t rules;  // digest of what decided: another one makes another database
};
void build_set_origin(struct build *build, const struct build_origin *origin);

// The veto set: values that no drop may touch, each an indicator of `veto` whose record says who
// says so. Names count with all below them, prefixes with all inside, a URL by its host. It is
// taken (freed with `build`), and written into the same file.
void build_set_veto(struct build *build, struct build *veto);

// The veto set of an open database instead, which is borrowed until build_free().
struct database;
void build_share_veto(struct build *build, const struct database *database);

// Signs with the Ed25519 private key in the PEM file `path` (borrowed; NULL: no key) whatever this
// build is written to, an overlay too.
void build_set_sign_key(struct build *build, const char *path);

struct build_figures {
	uint64_t indicators; // without the withdrawn
	uint64_t ipv4_hosts, ipv4_networks, ipv6_hosts, ipv6_networks;
	uint64_t names, urls, hashes, patterns; // distinct values
	uint64_t file_bytes, hot_bytes;         // hot: what a look-up that misses may touch
};

// Writes the database to `fd`, which must be empty and seekable (a file or a memfd), then
// syncs nothing and closes nothing. `sign_key_path`: an Ed25519 private key (PEM); NULL: that of
// build_set_sign_key(), or none.
// Problems that do not stop the build (patterns that took too much to compile) go to `report`,
// and so does a refused key.
// The builder is spent afterwards: only build_free() may follow.
// Returns 0, -ENOMEM, -EKEYREJECTED (not such a key), or the file's error.
int build_write(struct build *build, int fd, const char *sign_key_path, struct report *report,
                struct build_figures *ret_figures);
