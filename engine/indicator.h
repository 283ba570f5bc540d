// engine/indicator.h — what is looked for, and the story behind it.
//
// Shared vocabulary of loader (fills), engine (keeps) and sightings (reads).
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "base/timestamp.h"

enum {
	NO_INDICATOR = 0,      // indicator ids start at 1
	NAME_BYTES_MAX = 253,  // RFC 1035, section 2.3.4, without the root dot
	URL_BYTES_MAX = 8192,  // longer ones are not compiled, and cut when seen
	HASH_BYTES_MAX = 64,   // SHA-512
	IPV4_PREFIX_BITS = 96, // an IPv4 /n is kept as a /(96 + n)
};

// Network byte order. IPv4 a.b.c.d is kept as ::ffff:a.b.c.d, so that one type serves both and
// an IPv4-mapped IPv6 address is the IPv4 address.
struct address {
	uint8_t octets[16];
};

// All addresses whose first `length` bits (0-128) are those of `address`; the bits behind them
// are zero.
struct prefix {
	struct address address;
	uint8_t length;
};

enum observable_type {
	OBSERVABLE_ADDRESS,
	OBSERVABLE_NAME,
	OBSERVABLE_URL,
	OBSERVABLE_HASH,
	OBSERVABLE_TYPE_COUNT,
	// Nothing is looked up for it; who observes is told of it, as it came.
	OBSERVABLE_TEXT = OBSERVABLE_TYPE_COUNT,
};

enum hash_algorithm { HASH_MD5, HASH_SHA1, HASH_SHA256, HASH_SHA512, HASH_ALGORITHM_COUNT };

// Bytes of a digest, by enum hash_algorithm: 16, 20, 32, 64.
extern const uint8_t hash_algorithm_bytes[HASH_ALGORITHM_COUNT];

// What happens on a hit, weakest first.
enum action { ACTION_IGNORE, ACTION_LOG, ACTION_ALERT, ACTION_DROP, ACTION_COUNT };

// "ignore", "log", "alert", "drop"
const char *action_name(enum action action);

// TLP 2.0 (FIRST, 2022); TLP 1's WHITE is CLEAR. Weakest restriction first; a provider that
// said nothing gave TLP_NONE.
enum tlp { TLP_NONE, TLP_CLEAR, TLP_GREEN, TLP_AMBER, TLP_AMBER_STRICT, TLP_RED, TLP_COUNT };

// "none", "clear", "green", "amber", "amber+strict", "red"
const char *tlp_name(enum tlp tlp);

// The label of what was found in free text: whoever decides gives it alert at most. A feed that
// says so of its own entries only asks for less.
#define INDICATOR_LABEL_PROSE "prose"

enum { CONFIDENCE_NONE = 255 }; // else 0-100 (STIX 2.1, section 3.2)

// An indicator's record. Every slice is borrowed: from the caller when given to the builder,
// from the database's mapping when read back. Lists are joined by '\n'.
struct indicator {
	struct slice id;    // STIX id; empty for an entry of a list
	struct slice name;  // STIX name, or empty
	struct slice value; // as received: the STIX pattern, or the list's entry
	struct slice
		threat_types; // list: indicator_types (2.1) or labels (2.0), or a list's column
	struct slice labels;  // list
	struct slice report_names; // list: of the reports and groupings that refer to it
	struct slice markings;     // list: ids of its object_marking_refs
	struct slice created_by;   // STIX id of the creator, or empty
	struct slice source;       // where it came from: the feed's name
	struct slice group;        // the feed group, or empty
	struct slice tags;         // list: where its action applies, as the policy says
	int64_t created_ns;        // TIMESTAMP_MIN when unknown
	int64_t modified_ns;       // TIMESTAMP_MIN when unknown
	int64_t valid_from_ns;     // valid_from <= t < valid_until
	int64_t valid_until_ns;
	uint64_t line;     // of the list, 0 for STIX
	uint64_t store_id; // of the store's row that it was compiled from, 0 for none
	enum tlp tlp;
	enum action action;
	uint8_t confidence;
	bool is_source_hidden; // the source asked not to be shown on a hit
};

// How an entry matches (struct entry_terms.kinds); several at once are allowed.
enum entry_kind {
	ENTRY_EXACT = 1 << 0,    // the name, the URL
	ENTRY_PARENT = 1 << 1,   // any name below it
	ENTRY_PREFIX = 1 << 2,   // any URL that begins with it, cut at '/' or '?'
	ENTRY_URL_HOST = 1 << 3, // host of an https URL: only an SNI equals it
	ENTRY_BELOW = 1 << 4,    // any name below it, as the pattern itself says: LIKE '%.name'
	ENTRY_BESIDE = 1 << 5,   // with ENTRY_PARENT: names below it are told, with alert at most
};

enum url_scheme { URL_SCHEME_HTTP = 1 << 0, URL_SCHEME_HTTPS = 1 << 1 };

// Under which terms a value names its indicator.
struct entry_terms {
	uint8_t kinds;      // enum entry_kind, names and URLs
	uint8_t schemes;    // enum url_scheme, URLs
	uint8_t protocol;   // addresses: IP protocol number, 0 for any
	uint16_t port;      // addresses: host byte order, 0 for any
	enum action action; // at most this, whatever the indicator says (url-host: log)
};
