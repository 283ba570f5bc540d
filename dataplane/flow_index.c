#include "dataplane/flow_index.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <sys/mman.h>

#include "dataplane/flow.h"

static_assert(sizeof(struct flow_bucket) == CACHE_LINE_BYTES, "one line per bucket");

enum { BUCKETS_MIN = 4096 };

int flow_index_open(struct flow_index *index, uint32_t capacity)
{
	size_t buckets = BUCKETS_MIN;
	void *memory;

	while (buckets * (FLOW_BUCKET_SLOTS / 2) < capacity)
		buckets *= 2;
	memory = mmap(NULL, buckets * sizeof(struct flow_bucket), PROT_READ | PROT_WRITE,
	              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return -ENOMEM;
	// Few TLB entries for many buckets; a refusal changes nothing but speed.
	(void)madvise(memory, buckets * sizeof(struct flow_bucket), MADV_HUGEPAGE);
	*index = (struct flow_index){
		.buckets = memory,
		.mapped_bytes = buckets * sizeof(struct flow_bucket),
		.mask = BUCKETS_MIN - 1,
		.mask_max = buckets - 1,
	};
	return 0;
}

void flow_index_close(struct flow_index *index)
{
	if (index->buckets != NULL)
		(void)munmap(index->buckets, index->mapped_bytes);
	*index = (struct flow_index){0};
}

static struct flow *flow_of(const struct pool *flows, uint32_t id)
{
	return (struct flow *)flows->memory + (id - 1);
}

static bool has_key(const struct pool *flows, uint32_t id, const struct flow_key *key)
{
	return memcmp(&flow_of(flows, id)->key, key, FLOW_KEY_BYTES) == 0;
}

uint32_t flow_index_find(const struct flow_index *index, const struct pool *flows,
                         const struct flow_key *key, uint64_t hash)
{
	const struct flow_bucket *bucket = flow_index_bucket(index, hash);

	for (unsigned slots = flow_bucket_slots(bucket, flow_index_tag(hash)); slots != 0;
	     slots &= slots - 1) {
		uint32_t id = bucket->ids[__builtin_ctz(slots)];

		if (has_key(flows, id, key))
			return id;
	}
	for (uint32_t id = bucket->chain; id != 0; id = flow_of(flows, id)->next)
		if (has_key(flows, id, key))
			return id;
	return 0;
}

static void put(const struct pool *flows, struct flow_bucket *bucket, uint32_t id, uint64_t hash)
{
	unsigned free_slots = flow_bucket_slots(bucket, 0);

	if (free_slots != 0) {
		unsigned slot = (unsigned)__builtin_ctz(free_slots);

		bucket->tags[slot] = flow_index_tag(hash);
		bucket->ids[slot] = id;
		return;
	}
	flow_of(flows, id)->next = bucket->chain;
	bucket->chain = id;
}

void flow_index_add(struct flow_index *index, const struct pool *flows, uint32_t id, uint64_t hash)
{
	put(flows, flow_index_bucket(index, hash), id, hash);
	index->count++;
}

void flow_index_remove(struct flow_index *index, const struct pool *flows, uint32_t id,
                       uint64_t hash)
{
	struct flow_bucket *bucket = flow_index_bucket(index, hash);
	uint32_t *link = &bucket->chain;

	index->count--;
	for (unsigned slots = flow_bucket_slots(bucket, flow_index_tag(hash)); slots != 0;
	     slots &= slots - 1) {
		unsigned slot = (unsigned)__builtin_ctz(slots);

		if (bucket->ids[slot] == id) {
			bucket->tags[slot] = 0;
			return;
		}
	}
	while (*link != id)
		link = &flow_of(flows, *link)->next;
	*link = flow_of(flows, id)->next;
}

void flow_index_grow(struct flow_index *index, const struct pool *flows,
                     uint64_t (*hash_of)(const struct flow_key *key, const uint64_t seeds[2]),
                     const uint64_t seeds[2])
{
	uint64_t old_count = index->mask + 1;

	index->mask = old_count * 2 - 1;
	for (uint64_t i = 0; i < old_count; i++) {
		struct flow_bucket old = index->buckets[i];
		uint32_t chained = old.chain;

		// Each bucket is dealt to itself and to one of the new ones.
		memset(&index->buckets[i], 0, sizeof(old));
		for (unsigned slot = 0; slot < FLOW_BUCKET_SLOTS; slot++) {
			uint64_t hash;

			if (old.tags[slot] == 0)
				continue;
			hash = hash_of(&flow_of(flows, old.ids[slot])->key, seeds);
			put(flows, flow_index_bucket(index, hash), old.ids[slot], hash);
		}
		while (chained != 0) {
			uint32_t id = chained;
			uint64_t hash = hash_of(&flow_of(flows, id)->key, seeds);

			chained = flow_of(flows, id)->next;
			put(flows, flow_index_bucket(index, hash), id, hash);
		}
	}
}
