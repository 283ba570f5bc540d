// engine/exact_table.h — from a keyed hash to the few entries that may have it.
//
// A filter in front, behind it buckets of one cache line each: eight 32-bit tags and the values
// that go with them; what does not fit goes into the next bucket. A value is whatever the table
// on top says (an entry's index + 1, a posting reference), never 0. Whoever gets a value compares
// the key in full.
#pragma once

#include <assert.h>

#include "base/block.h"
#include "engine/filter.h"

enum { EXACT_BUCKET_SLOTS = 8 };

struct exact_bucket {
	uint32_t tags[EXACT_BUCKET_SLOTS];
	uint32_t values[EXACT_BUCKET_SLOTS]; // 0: empty; filled from the front
};
static_assert(sizeof(struct exact_bucket) == CACHE_LINE_BYTES, "a bucket is one cache line");

struct exact_table {
	struct filter filter;
	const struct exact_bucket *buckets;
	uint64_t bucket_count;
};

struct exact_table exact_table_open(struct slice filter, struct slice buckets);

// Makes a table's two sections. All zero is a valid, empty one.
struct exact_table_builder {
	struct block filter;
	struct block buckets;
};

// Makes room for `entry_count` entries and `filter_bits` bits of filter. Returns 0 or -ENOMEM.
int exact_table_builder_size(struct exact_table_builder *builder, size_t entry_count,
                             uint64_t filter_bits);

// Adds an entry. No more than entry_count of them.
void exact_table_builder_add(struct exact_table_builder *builder, uint64_t hash, uint32_t tag,
                             uint32_t value);

// Marks that entries lie deeper than `hash`.
void exact_table_builder_mark_deeper(struct exact_table_builder *builder, uint64_t hash);

// Starts loading what an exact_table_builder_add() of `hash` will write.
void exact_table_builder_prefetch(const struct exact_table_builder *builder, uint64_t hash);

// Likewise of exact_table_builder_mark_deeper().
void exact_table_builder_prefetch_deeper(const struct exact_table_builder *builder, uint64_t hash);

void exact_table_builder_close(struct exact_table_builder *builder);

// A walk over the values whose tag fits.
struct exact_cursor {
	uint64_t bucket;
	uint64_t buckets_left;
	unsigned slot;
};

static inline uint64_t exact_table_bucket(const struct exact_table *table, uint64_t hash)
{
	return filter_word_index(table->bucket_count, hash);
}

static inline void exact_table_prefetch(const struct exact_table *table, uint64_t hash)
{
	prefetch_read(&table->buckets[exact_table_bucket(table, hash)]);
}

static inline struct exact_cursor exact_table_begin(const struct exact_table *table, uint64_t hash)
{
	return (struct exact_cursor){exact_table_bucket(table, hash), table->bucket_count, 0};
}

// The next value with this tag, or 0 when there is none. HOT.
uint32_t exact_table_next(const struct exact_table *table, struct exact_cursor *cursor,
                          uint32_t tag);

// The tag of tables whose key is not the tag itself: bits that the filter and the bucket's
// number leave open.
static inline uint32_t exact_table_tag(uint64_t hash)
{
	return (uint32_t)(hash >> 8);
}
