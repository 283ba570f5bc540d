// engine/build_internal.h — the builder's inside, shared by build.c and build_write.c.
#pragma once

#include "engine/build.h"
#include "engine/entry_rows.h"
#include "engine/exact_table.h"
#include "engine/object_builder.h"
#include "engine/pattern_builder.h"
#include "engine/prefix_table.h"

enum build_table {
	BUILD_IPV4_HOSTS,
	BUILD_IPV6_HOSTS,
	BUILD_IPV4_NETWORKS,
	BUILD_IPV6_NETWORKS,
	BUILD_NAMES,
	BUILD_URLS,
	BUILD_HASHES, // one a hash algorithm
	BUILD_PATTERNS = BUILD_HASHES + HASH_ALGORITHM_COUNT,
	BUILD_TABLE_COUNT, // in the order of their sections
};

// A pattern as the text of a row: so that the same one is compiled once.
enum { PATTERN_TYPE_AT, PATTERN_SYNTAX_AT, PATTERN_TEXT_AT };

// The tables of look-up, until they are written.
enum build_exact_table {
	BUILD_EXACT_IPV4,
	BUILD_EXACT_IPV6,
	BUILD_EXACT_NAMES,
	BUILD_EXACT_URLS,
	BUILD_EXACT_HASHES, // one a hash algorithm
	BUILD_EXACT_TABLE_COUNT = BUILD_EXACT_HASHES + HASH_ALGORITHM_COUNT,
};

struct build {
	struct entry_compiler compiler;
	struct entry_rows tables[BUILD_TABLE_COUNT]; // by enum build_table
	struct object_builder *objects;
	struct pattern_builder *patterns;
	struct database_meta meta;
	struct build_origin origin;
	struct build *veto;        // owned, or NULL
	struct block replaced;     // SECTION_OVERLAY, when the database is one
	struct slice veto_image;   // mapped once it is made
	bool is_veto_shared;       // it is another database's
	const char *sign_key_path; // borrowed, or NULL
	struct buffer pattern_section;
	struct exact_table_builder exact_tables[BUILD_EXACT_TABLE_COUNT];
	struct prefix_table_builder ipv4_networks;
	struct prefix_table_builder ipv6_networks;
	struct buffer pattern_shards; // between the content and the derived sections
	uint64_t hot_bytes;           // of the derived sections written so far
};
