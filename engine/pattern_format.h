// engine/pattern_format.h — the two sections of patterns.
//
// Content: struct pattern_header, row_count × struct pattern_row, sorted by type, kind, text and
// id, then the texts. Derived: struct shard_header, shard_count × struct shard_row, then the
// serialised Hyperscan databases, each on a multiple of 8. Hyperscan's ids are row numbers; the
// shards tile the rows, and all rows of a shard are of one type and kind. Little-endian.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum pattern_kind {
	PATTERN_KIND_LIKE,       // text: engine/pattern_like.h
	PATTERN_KIND_REGEX,      // text: PCRE, bytes
	PATTERN_KIND_REGEX_UTF8, // text: PCRE, characters
	PATTERN_KIND_COUNT,
};

struct pattern_header {
	uint32_t row_count;
	uint32_t reserved;
	uint64_t text_bytes;
};

struct pattern_row {
	uint32_t pattern_id;
	uint32_t text_offset;
	uint32_t text_bytes;
	uint8_t type;         // enum observable_type
	uint8_t kind;         // enum pattern_kind
	uint8_t is_prefilter; // Hyperscan only suspects; PCRE2 confirms
	uint8_t reserved;
};

struct shard_header {
	uint32_t shard_count;
	uint32_t reserved;
};

struct shard_row {
	uint64_t offset; // from the section's start
	uint64_t bytes;
	uint64_t checksum; // hash_bytes(0, …) of the bytes
	uint32_t first_row;
	uint32_t row_count;
};
