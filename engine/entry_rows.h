// engine/entry_rows.h — values as the builder collects them, and how they become entries.
//
// A row a (value, indicator, terms). Sorted into canonical order, the rows of one value become
// one entry (database_format.h) and its postings.
#pragma once

#include "engine/postings.h"
#include "engine/record_table.h"
#include "engine/text_key.h"

struct address_row {
	struct address address;
	uint32_t indicator_id;
	struct packed_terms terms;
	uint8_t length; // of the prefix
	uint8_t reserved;
};
static_assert(sizeof(struct address_row) == 28, "an address row has no holes");

struct text_row {
	uint64_t order; // unkeyed hash of the key
	uint32_t text;  // whose key it is, into the records' strings, or into `extra` with is_extra
	uint32_t indicator_id;
	struct packed_terms terms;
	uint8_t is_extra;
	uint8_t key_kind; // enum text_key_kind
};
static_assert(sizeof(struct text_row) == 24, "a text row has no holes");

// Followed by the digest, hash_algorithm_bytes[] of it.
struct digest_row {
	uint32_t indicator_id;
};

// The rows of one table, which entry_rows_compile_…() turns into its entries, in place.
struct entry_rows {
	struct block rows;
	struct packed_terms usual_terms; // out: of postings that are an indicator id
	uint64_t entry_count;            // out: distinct values
};

struct entry_compiler {
	struct record_builder records;
	struct posting_builder postings;
	struct string_pool extra; // texts that are not the key of an indicator's `value`
};

// What build_add_…() was given, of an indicator.
struct text_value {
	struct slice key;
	enum text_key_kind key_kind; // the same for all rows of a table
	uint32_t indicator_id;
	struct packed_terms terms;
};

// Appends a row for `value`. Returns 0, -ENOMEM or -EOVERFLOW.
int entry_rows_add_text(struct entry_rows *rows, struct entry_compiler *compiler,
                        const struct text_value *value);

// The key of a row that entry_rows_add_text() made, valid until the next one is added.
struct slice entry_rows_text_key(const struct text_row *row, const struct entry_compiler *compiler);

// Each sorts, drops what withdrawn indicators named, writes the postings and leaves entries:
// struct ipv4_entry, ipv6_entry, ipv4_network, ipv6_network, text_entry; for digests the digest
// and a posting. Returns 0, -ENOMEM or -EOVERFLOW.
int entry_rows_compile_ipv4_hosts(struct entry_rows *rows, struct entry_compiler *compiler);
int entry_rows_compile_ipv6_hosts(struct entry_rows *rows, struct entry_compiler *compiler);
int entry_rows_compile_ipv4_networks(struct entry_rows *rows, struct entry_compiler *compiler);
int entry_rows_compile_ipv6_networks(struct entry_rows *rows, struct entry_compiler *compiler);
int entry_rows_compile_texts(struct entry_rows *rows, struct entry_compiler *compiler);
int entry_rows_compile_digests(struct entry_rows *rows, enum hash_algorithm algorithm,
                               struct entry_compiler *compiler);
