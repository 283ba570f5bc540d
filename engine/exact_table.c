#include "engine/exact_table.h"

#include <errno.h>

// Five of eight slots are used on average: 13 bytes an entry, and one hit in eight looks into a
// second bucket.
enum { SLOTS_USED = 5 };

struct exact_table exact_table_open(struct slice filter, struct slice buckets)
{
	struct exact_table table = {
		.filter = filter_open(filter),
		.buckets = (const struct exact_bucket *)buckets.data,
		.bucket_count = buckets.size / sizeof(struct exact_bucket),
	};

	// One without the other says nothing (a corrupt file).
	if (table.bucket_count == 0 || table.filter.word_count == 0)
		return (struct exact_table){};
	return table;
}

int exact_table_builder_size(struct exact_table_builder *builder, size_t entry_count,
                             uint64_t filter_bits)
{
	size_t bucket_count = entry_count / SLOTS_USED + 1;
	size_t word_count = (size_t)(filter_bits / 64) + 1;

	if (entry_count == 0)
		return 0;
	if (block_extend(&builder->filter, word_count * sizeof(uint64_t)) == NULL ||
	    block_extend(&builder->buckets, bucket_count * sizeof(struct exact_bucket)) == NULL)
		return -ENOMEM;
	return 0;
}

static uint64_t *exact_table_builder_word(const struct exact_table_builder *builder, uint64_t hash)
{
	uint64_t *words = (uint64_t *)builder->filter.data;

	return &words[filter_word_index(builder->filter.size / sizeof(*words), hash)];
}

static unsigned bucket_used(const struct exact_bucket *bucket)
{
	unsigned used = 0;

	while (used < EXACT_BUCKET_SLOTS && bucket->values[used] != 0)
		used++;
	return used;
}

void exact_table_builder_add(struct exact_table_builder *builder, uint64_t hash, uint32_t tag,
                             uint32_t value)
{
	struct exact_bucket *buckets = (struct exact_bucket *)builder->buckets.data;
	uint64_t bucket_count = builder->buckets.size / sizeof(*buckets);
	uint64_t i = filter_word_index(bucket_count, hash);
	unsigned slot = bucket_used(&buckets[i]);

	// Ends, since there are more slots than entries.
	while (slot == EXACT_BUCKET_SLOTS) {
		i = i + 1 < bucket_count ? i + 1 : 0;
		slot = bucket_used(&buckets[i]);
	}
	buckets[i].tags[slot] = tag;
	buckets[i].values[slot] = value;
	*exact_table_builder_word(builder, hash) |= filter_entry_bits(hash);
}

void exact_table_builder_mark_deeper(struct exact_table_builder *builder, uint64_t hash)
{
	*exact_table_builder_word(builder, hash) |= filter_deeper_bits(hash);
}

void exact_table_builder_prefetch_deeper(const struct exact_table_builder *builder, uint64_t hash)
{
	__builtin_prefetch(exact_table_builder_word(builder, hash), 1, 3);
}

void exact_table_builder_prefetch(const struct exact_table_builder *builder, uint64_t hash)
{
	const struct exact_bucket *buckets = (const struct exact_bucket *)builder->buckets.data;
	uint64_t i = filter_word_index(builder->buckets.size / sizeof(*buckets), hash);

	__builtin_prefetch(&buckets[i], 1, 3);
	exact_table_builder_prefetch_deeper(builder, hash);
}

void exact_table_builder_close(struct exact_table_builder *builder)
{
	block_close(&builder->filter);
	block_close(&builder->buckets);
}

// A bit for each slot with this tag; that of an empty slot may be among them. All eight are
// looked at, since a loop that ends where the tag is would be mispredicted at most hits.
static unsigned bucket_slots_of(const struct exact_bucket *bucket, uint32_t tag)
{
	unsigned slots = 0;

	for (unsigned i = 0; i < EXACT_BUCKET_SLOTS; i++)
		slots |= (unsigned)(bucket->tags[i] == tag) << i;
	return slots;
}

uint32_t exact_table_next(const struct exact_table *table, struct exact_cursor *cursor,
                          uint32_t tag)
{
	for (; cursor->buckets_left > 0; cursor->buckets_left--, cursor->slot = 0) {
		const struct exact_bucket *bucket = &table->buckets[cursor->bucket];
		unsigned slots = bucket_slots_of(bucket, tag) >> cursor->slot << cursor->slot;

		if (slots != 0) {
			unsigned slot = (unsigned)__builtin_ctz(slots);

			cursor->slot = slot + 1;
			if (bucket->values[slot] == 0)
				cursor->buckets_left = 0;
			return bucket->values[slot];
		}
		if (bucket->values[EXACT_BUCKET_SLOTS - 1] == 0) {
			cursor->buckets_left = 0;
			return 0;
		}
		cursor->bucket = cursor->bucket + 1 < table->bucket_count ? cursor->bucket + 1 : 0;
	}
	return 0;
}
