// engine/database.h — an open database's inside, for match.c and database_….c.
#pragma once

#include "engine/address_table.h"
#include "engine/database_format.h"
#include "engine/hash_table.h"
#include "engine/match.h"
#include "engine/object_store.h"
#include "engine/pattern_set.h"
#include "engine/prefix_table.h"
#include "engine/record_table.h"
#include "engine/state_words.h"
#include "engine/text_table.h"

struct database {
	const uint8_t *bytes; // of the file, or of a section of the database around it
	size_t size;
	bool is_mapped; // by this one
	struct database_header header;
	struct database_section_row rows[SECTION_TYPE_COUNT]; // in order of the file
	struct slice sections[SECTION_TYPE_COUNT];            // by enum section_type
	uint64_t item_counts[SECTION_TYPE_COUNT];
	struct database_meta meta;
	struct record_table records;
	struct object_store objects;
	struct address_table ipv4_hosts;
	struct address_table ipv6_hosts;
	struct ipv4_prefix_table ipv4_networks;
	struct ipv6_prefix_table ipv6_networks;
	struct text_table names;
	struct text_table urls;
	struct pattern_set *patterns;
	const struct text_entry *pattern_entries; // by pattern id
	uint64_t pattern_entry_count;
	struct hash_table hashes[HASH_ALGORITHM_COUNT];
	struct database *veto; // owned: what lies in SECTION_VETO, or NULL

	// What lies beside a base (engine/database_parts.h); none of it in an overlay.
	struct database *overlay;   // owned, or NULL
	uint32_t overlay_id_offset; // its ids follow those of the base
	struct slice replaced;      // ids of the base that the overlay takes the place of
	struct state_words words;
};

// "records", "name-filter" …
const char *database_section_name(enum section_type type);
