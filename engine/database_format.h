// engine/database_format.h — the layout of an indicator database (.skdb).
//
// Little-endian. One page of header: struct database_header, then the section table, then zeros.
// Sections follow, each on a multiple of 64 bytes, zeros between them. *Content* sections say
// what is looked for; their digests make the build id. *Derived* sections (hash tables, compiled
// patterns) can be made again from the content and the seed, which is taken from the build id.
#pragma once

#include <assert.h>
#include <stdint.h>

#include "engine/indicator.h"

#define DATABASE_MAGIC "SEKISHO\n"
#define NO_NETWORK     UINT32_MAX

enum {
	DATABASE_FORMAT_VERSION = 4,
	DATABASE_HEADER_BYTES = 4096,
	DATABASE_ALIGNMENT = 64,
	DATABASE_DIGEST_BYTES = 32,
	DATABASE_SIGNATURE_BYTES = 64,
};

enum section_type {
	SECTION_META,
	SECTION_RECORDS,
	SECTION_CONTEXTS,
	SECTION_DETAILS,
	SECTION_STRINGS,
	SECTION_STATES,    // one byte an indicator id: enum indicator_state
	SECTION_STORE_IDS, // uint64_t an indicator id; only of a database made from a store
	SECTION_ORIGIN,    // struct build_origin, likewise
	SECTION_POSTINGS,
	SECTION_IPV4_HOSTS,
	SECTION_IPV6_HOSTS,
	SECTION_IPV4_NETWORKS,
	SECTION_IPV6_NETWORKS,
	SECTION_NAMES,
	SECTION_URLS,
	SECTION_HASHES,                                                  // one a hash algorithm
	SECTION_PATTERN_ENTRIES = SECTION_HASHES + HASH_ALGORITHM_COUNT, // by pattern id
	SECTION_PATTERNS,                                                // engine/pattern_builder.h
	SECTION_OBJECTS,
	SECTION_VETO,    // a whole database: what no drop may touch
	SECTION_OVERLAY, // of an overlay: struct overlay_row, then ids of the base it replaces
	SECTION_CONTENT_COUNT, // derived ones from here
	SECTION_IPV4_FILTER = SECTION_CONTENT_COUNT,
	SECTION_IPV4_BUCKETS,
	SECTION_IPV6_FILTER,
	SECTION_IPV6_BUCKETS,
	SECTION_IPV4_NETWORK_BITS,
	SECTION_IPV4_RANGES,
	SECTION_IPV6_NETWORK_BITS,
	SECTION_IPV6_NETWORK_FILTER,
	SECTION_IPV6_RANGES,
	SECTION_NAME_FILTER,
	SECTION_NAME_BUCKETS,
	SECTION_URL_FILTER,
	SECTION_URL_BUCKETS,
	SECTION_HASH_FILTER, // one a hash algorithm
	SECTION_HASH_BUCKETS = SECTION_HASH_FILTER + HASH_ALGORITHM_COUNT,
	SECTION_PATTERN_SHARDS = SECTION_HASH_BUCKETS + HASH_ALGORITHM_COUNT,
	SECTION_TYPE_COUNT,
};

struct database_section_row {
	uint32_t type; // enum section_type
	uint32_t reserved;
	uint64_t offset;
	uint64_t bytes;
	uint64_t item_count;
	uint8_t digest[DATABASE_DIGEST_BYTES]; // SHA-256
};
static_assert(sizeof(struct database_section_row) == 64, "a section row is one line");

struct database_header {
	char magic[8];
	uint32_t format_version;
	uint32_t section_count;
	uint64_t file_bytes;
	uint64_t checksum; // hash_bytes() of the header page, checksum and signature zeroed
	uint8_t build_id[DATABASE_DIGEST_BYTES];
	uint8_t signature[DATABASE_SIGNATURE_BYTES]; // Ed25519 over the same bytes, or zeros
};
static_assert(sizeof(struct database_header) == 128, "the header has no holes");
static_assert(sizeof(struct database_header) +
                              SECTION_TYPE_COUNT * sizeof(struct database_section_row) <=
                      DATABASE_HEADER_BYTES,
              "the section table fits into the header page");

// SECTION_STATES, one byte an indicator id.
enum indicator_state { STATE_ACTION_MASK = 3, STATE_IS_LIVE = 0x80 };

// struct entry_terms in six bytes.
struct packed_terms {
	uint8_t kinds;
	uint8_t schemes;
	uint8_t protocol;
	uint8_t action;
	uint16_t port;
};

// SECTION_OVERLAY, followed by a uint32_t for each indicator id of the base that an indicator of
// the overlay takes the place of, ascending.
struct overlay_row {
	uint8_t base_build_id[DATABASE_DIGEST_BYTES];
};

// SECTION_META.
struct database_meta {
	uint64_t indicator_count;            // live ones
	uint32_t indicator_id_end;           // one more than the highest id
	uint32_t object_count;               // kept STIX objects
	struct packed_terms ipv4_host_terms; // of entries that lead to an indicator directly
	struct packed_terms ipv6_host_terms;
	struct packed_terms ipv4_network_terms;
	struct packed_terms ipv6_network_terms;
	struct packed_terms name_terms;
	struct packed_terms url_terms;
	struct packed_terms pattern_terms;
	uint8_t store_ids_ascend; // else they come in no order
	uint8_t reserved[5];
};
static_assert(sizeof(struct database_meta) == 64, "the meta section has no holes");

// Sections of fixed-size rows. `posting` is a posting reference (engine/postings.h), `text` a
// reference into SECTION_STRINGS, to a text whose key the entry is (engine/text_key.h).
struct ipv4_entry {
	uint32_t address; // host byte order
	uint32_t posting;
};

struct ipv6_entry {
	struct address address;
	uint32_t posting;
};

struct ipv4_network {
	uint32_t address;
	uint32_t length; // 0-31
	uint32_t posting;
	uint32_t parent; // index of the smallest network around it, or NO_NETWORK
};

struct ipv6_network {
	struct address address;
	uint32_t length; // 0-127
	uint32_t posting;
	uint32_t parent; // likewise
};

struct text_entry {
	uint32_t text; // of a pattern: two bytes say its type and syntax, the pattern follows
	uint32_t posting;
};
