// dataplane/flow_index.h — from a key's hash to the flow.
//
// Buckets of one cache line hold ids and a byte of each hash, so that a look-up touches its
// bucket and, nearly always, no flow but the right one. A full bucket goes on in a chain
// through the flows. The index grows with the number of flows up to what it was opened for.
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/cpu.h"
#include "dataplane/pool.h"

enum { FLOW_BUCKET_SLOTS = 12 };

struct flow_bucket {
	uint32_t ids[FLOW_BUCKET_SLOTS];
	uint8_t tags[FLOW_BUCKET_SLOTS]; // 0: the slot is free
	uint32_t chain;                  // of flows that found no slot, 0: none
};

struct flow_index {
	struct flow_bucket *buckets;
	size_t mapped_bytes;
	uint64_t mask;
	uint64_t mask_max;
	uint32_t count;
};

struct flow_key;

// For at most `capacity` flows. Returns 0, or -ENOMEM with *index untouched.
int flow_index_open(struct flow_index *index, uint32_t capacity);

// Accepts an all-zero index.
void flow_index_close(struct flow_index *index);

static inline struct flow_bucket *flow_index_bucket(const struct flow_index *index, uint64_t hash)
{
	return &index->buckets[hash & index->mask];
}

static inline uint8_t flow_index_tag(uint64_t hash)
{
	uint8_t tag = (uint8_t)(hash >> 56);

	return tag != 0 ? tag : 1;
}

// A bit for each slot with that tag.
static inline unsigned flow_bucket_slots(const struct flow_bucket *bucket, uint8_t tag)
{
	cpu_vector tags; // and the chain

	memcpy(&tags, bucket->tags, sizeof(tags));
	return cpu_bytes_equal_to(tags, tag) & ((1u << FLOW_BUCKET_SLOTS) - 1);
}

// HOT. The first flow that the bucket has for `hash`, most likely the right one; 0: none.
static inline uint32_t flow_index_candidate(const struct flow_index *index, uint64_t hash)
{
	const struct flow_bucket *bucket = flow_index_bucket(index, hash);
	unsigned slots = flow_bucket_slots(bucket, flow_index_tag(hash));

	return slots != 0 ? bucket->ids[__builtin_ctz(slots)] : bucket->chain;
}

// HOT. The flow of `flows` that has `key`, or 0.
uint32_t flow_index_find(const struct flow_index *index, const struct pool *flows,
                         const struct flow_key *key, uint64_t hash);

// HOT. Adds a flow that is not there, respectively takes out one that is.
void flow_index_add(struct flow_index *index, const struct pool *flows, uint32_t id, uint64_t hash);
void flow_index_remove(struct flow_index *index, const struct pool *flows, uint32_t id,
                       uint64_t hash);

// True when the index should be made larger: flow_index_grow().
static inline bool flow_index_is_crowded(const struct flow_index *index)
{
	return index->count > (index->mask + 1) * (FLOW_BUCKET_SLOTS / 2) &&
	       index->mask < index->mask_max;
}

// Twice the buckets. `hash_of` gives the hash that a flow was added with.
void flow_index_grow(struct flow_index *index, const struct pool *flows,
                     uint64_t (*hash_of)(const struct flow_key *key, const uint64_t seeds[2]),
                     const uint64_t seeds[2]);
