// loader/config.h — sekisho.yaml: where indicators come from, what is one's own, what is done.
//
// Read once by libcyaml against a schema; immutable afterwards, any thread may read it. Texts are
// never NULL unless said so. Secrets are not in it: it names the file or environment variable.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cleanup.h"
#include "base/report.h"
#include "engine/indicator.h"
#include "loader/loader.h"
#include "loader/policy.h"
#include "loader/store.h"

enum source_kind {
	SOURCE_FILE,   // a file or a folder of them
	SOURCE_HTTP,   // one URL
	SOURCE_TAXII1, // TAXII 1.1 poll
	SOURCE_TAXII20,
	SOURCE_TAXII21,
	SOURCE_MISP_FEED, // a URL with manifest.json
	SOURCE_MAIL,      // .eml, mbox, Maildir, or a folder of .eml: attachments, and the text
	SOURCE_KIND_COUNT,
};
const char *source_kind_name(enum source_kind kind); // "file", "http", "taxii11", "taxii20" …

const char *source_role_name(enum source_role role); // "indicators", "known-benign", "attacked"

// Of an enum, by number, as the configuration spells them: "address", "name", "url", "hash";
// "none", "clear" …
const char *config_type_name(unsigned observable_type);
const char *config_tlp_name(unsigned tlp);

// A secret by where it is: in a file (its first line), or in an environment variable. Both NULL:
// there is none.
struct config_secret {
	const char *file;
	const char *environment;
};

struct source_config {
	const char *name;
	enum source_kind kind;
	const char *address;    // path or URL; TAXII: discovery, API root, or collection URL
	const char *collection; // TAXII: id, alias or name; NULL: of the address
	enum feed_format format;
	const char *csv_columns; // NULL: by header
	const char *group;       // NULL
	enum source_role role;
	enum tlp tlp;
	uint8_t reliability; // 0-100; Admiralty A-F are 100, 80, 60, 40, 20, 50 (F: cannot be
	                     // judged)
	uint32_t interval_s;
	uint32_t full_resync_s;     // TAXII: 0 never
	bool is_snapshot;           // by kind and format unless set
	bool is_snapshot_by_format; // nothing is set: not if what comes turns out to be STIX
	bool has_same_subdomains;   // subdomains: same
	bool is_hidden;             // hide-source
	bool has_plain_names;       // plain-names: of free text
	bool has_attachments_only;  // attachments-only: of mail
	bool is_enabled;

	// How it is reached.
	const char *username; // NULL
	struct config_secret password;
	struct config_secret token; // bearer; or an API key with `token_header`
	const char *token_header;   // NULL: "Authorization: Bearer …"
	const char *client_cert;    // PEM, NULL
	const char *client_key;     // PEM, NULL: in client_cert
	const char *ca_file;        // NULL: the system's
	const char *proxy;          // "none": no proxy; NULL: of the environment, as curl has it
	uint32_t timeout_s;         // of one answer
	uint32_t retries;           // of one page
	uint32_t pages_max;      // of one run (TAXII), so that no server keeps the others waiting
	uint64_t body_bytes_max; // larger answers are refused

	// The source's own words for threat types: word → ours. `types_count` pairs.
	const char *(*types)[2];
	unsigned types_count;
};

struct guard_config {
	uint8_t loss_percent_max;  // of a complete fetch, against what lives; 100: no guard
	uint32_t gain_percent_max; // 0: no guard
	uint64_t change_min;       // fewer changes than this are never stopped
	uint32_t clock_ahead_s;    // times further ahead than this are nonsense
};

struct config {
	const char *path; // of the file it was read from
	const char *store_path;
	const char *database_path;
	const char *sign_key_path; // NULL

	const struct prefix *own_networks; // the operator's own
	unsigned own_network_count;
	const char *const *own_names; // lower case, and all below them
	unsigned own_name_count;

	const struct source_config *sources;
	unsigned source_count;

	const struct sensor_config *sensor; // loader/config_sensor.h

	const struct policy *policy; // the built-in table when the file has none
	struct guard_config guards;
	uint32_t retention_days;    // past validity or withdrawal; 0: for ever
	uint32_t overlay_votes_max; // more changes than this make a new base
};

// Reads and checks all of it. Every mistake goes to `report` with line and field; with any of them
// the result is -EINVAL. Returns 0 and gives it to the caller (config_free), or the file's error,
// -EINVAL, or -ENOMEM.
int config_read(const char *path, struct report *report, struct config **ret_config);

// The same of a text; `path` is for messages and for the folder that relative paths start from.
int config_read_text(struct slice text, const char *path, struct report *report,
                     struct config **ret_config);

// Accepts NULL.
void config_free(struct config *config);
DEFINE_AUTO(config, config_free)

// NULL when there is no such source.
const struct source_config *config_source(const struct config *config, const char *name);

// The secret's text into `ret_secret` (cleared by the caller). Returns 0; -ENOENT when none is
// configured; -EACCES for a file that others may read; or the file's error.
struct buffer;
int config_secret_read(const struct config_secret *secret, struct buffer *ret_secret);

// May nobody but the owner, and who is in the file's group to read, get at a file of this mode?
bool config_secret_is_private(mode_t mode);
